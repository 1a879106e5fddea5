// Package process finds the processes of this machine that listen at an address, and ends and starts them.
package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	sockets "github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// Process is a process that listens. What cannot be read of it, as of another user's, is empty.
type Process struct {
	PID         int
	Name        string
	Command     []string
	Program     string // the file that is run, without links
	Directory   string
	Environment map[string]string
	Listens     []string // addresses, as host:port
	Dials       []string // addresses to which it has connections, as host:port
	Started     time.Time
}

// String names a process to a person: its command, without the secrets in it, its id and its directory.
func (p Process) String() string {
	text := Shown(p.Command)
	if text == "" {
		text = p.Name
	}
	if cut := []rune(text); len(cut) > mostShown {
		text = string(cut[:mostShown]) + "…"
	}
	text = fmt.Sprintf("%s (process %d", text, p.PID)
	if p.Directory != "" {
		text += " in " + p.Directory
	}
	return text + ")"
}

// mostShown is how many letters of a command are shown.
const mostShown = 60

// Listening returns the processes that accept TCP connections on this machine's loopback address, the newest first. Without a permission to
// see whose a socket is, it is not there.
func Listening(ctx context.Context) ([]Process, error) {
	all, err := connections(ctx)
	if err != nil {
		return nil, err
	}
	return processes(ctx, all, slices.DeleteFunc(slices.Clone(all), func(one sockets.ConnectionStat) bool { return one.Status != "LISTEN" })), nil
}

// At returns the processes that accept connections to an address of this machine, host:port. Several may share it.
func At(ctx context.Context, address string) ([]Process, error) {
	all, err := connections(ctx)
	if err != nil {
		return nil, err
	}
	listening, err := accepting(all, address)
	if err != nil {
		return nil, err
	}
	return processes(ctx, all, listening), nil
}

// IDs returns the ids of the processes that accept connections to an address, sorted; none if they are not known.
func IDs(ctx context.Context, address string) (ids []int) {
	all, _ := connections(ctx) // what cannot be found out is not known
	listening, _ := accepting(all, address)
	for _, one := range listening {
		if id := int(one.Pid); id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// connections returns all TCP sockets.
func connections(ctx context.Context) ([]sockets.ConnectionStat, error) {
	all, err := sockets.ConnectionsWithoutUidsWithContext(ctx, "tcp")
	if err != nil {
		return nil, fmt.Errorf("the processes that listen cannot be listed: %w", err)
	}
	return all, nil
}

// accepting returns the sockets that accept connections to an address: those that listen at that very address, or else at every one. Another
// program may listen at the same port of another address.
func accepting(all []sockets.ConnectionStat, address string) ([]sockets.ConnectionStat, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var exact, every []sockets.ConnectionStat
	for _, one := range all {
		ip, err := netip.ParseAddr(one.Laddr.IP)
		ip = ip.Unmap()
		switch {
		case one.Status != "LISTEN" || strconv.FormatUint(uint64(one.Laddr.Port), 10) != port:
		case one.Laddr.IP == "*" || err == nil && ip.IsUnspecified():
			every = append(every, one)
		case err == nil && (ip.String() == host || host == "localhost" && ip.IsLoopback()):
			exact = append(exact, one)
		}
	}
	if len(exact) > 0 {
		return exact, nil
	}
	return every, nil
}

// processes describes those whose sockets listen, the newest first.
func processes(ctx context.Context, all, listening []sockets.ConnectionStat) []Process {
	found := map[int32][]string{}
	for _, one := range listening {
		address, local := loopback(one.Laddr)
		if one.Pid != 0 && local && !slices.Contains(found[one.Pid], address) {
			found[one.Pid] = append(found[one.Pid], address)
		}
	}
	var list []Process
	for pid, addresses := range found {
		p := describe(ctx, pid)
		p.Listens = addresses
		for _, one := range all {
			if to := hostPort(one.Raddr); one.Pid == pid && one.Status == "ESTABLISHED" && !slices.Contains(p.Dials, to) {
				p.Dials = append(p.Dials, to)
			}
		}
		slices.Sort(p.Listens)
		slices.Sort(p.Dials)
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Process) int {
		return cmp.Or(b.Started.Compare(a.Started), b.PID-a.PID)
	})
	return list
}

// End ends the processes that listen at an address of this machine. It asks them to exit, or with kill it does not ask. Nothing to end is no
// error. It does not wait until they have ended.
func End(ctx context.Context, address string, kill bool) error {
	if !IsLoopback(address) {
		return fmt.Errorf("%s is not an address of this machine", address)
	}
	all, err := At(ctx, address)
	if err != nil {
		return err
	}
	if len(all) == 0 && accepts(ctx, address) {
		return fmt.Errorf("whose process listens at %s cannot be seen: it is another user's, or a container's", address)
	}
	var wrong []error
	for _, p := range all {
		one, err := process.NewProcessWithContext(ctx, int32(p.PID))
		if err != nil {
			continue // it has ended meanwhile
		}
		end := one.TerminateWithContext
		if kill {
			end = one.KillWithContext
		}
		if err := end(ctx); err != nil {
			if running, _ := one.IsRunningWithContext(ctx); running {
				wrong = append(wrong, fmt.Errorf("%s cannot be ended: %w", p, err))
			}
		}
	}
	return errors.Join(wrong...)
}

// IsLoopback reports whether an address, host:port, is one of this machine alone.
func IsLoopback(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

func accepts(ctx context.Context, address string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// describe reads what can be known of a process.
func describe(ctx context.Context, pid int32) Process {
	p := Process{PID: int(pid), Environment: map[string]string{}}
	one, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return p
	}
	p.Name, _ = one.NameWithContext(ctx)
	p.Directory, _ = one.CwdWithContext(ctx)
	p.Command, _ = one.CmdlineSliceWithContext(ctx)
	p.Command = slices.DeleteFunc(p.Command, func(word string) bool { return word == "" })
	p.Program, _ = one.ExeWithContext(ctx)
	variables, _ := one.EnvironWithContext(ctx)
	for _, pair := range variables {
		if name, value, is := strings.Cut(pair, "="); is && name != "" {
			p.Environment[name] = value
		}
	}
	if millis, err := one.CreateTimeWithContext(ctx); err == nil {
		p.Started = time.UnixMilli(millis)
	}
	return p
}

// loopback returns the address at which a socket can be dialled on this machine, and reports whether there is one.
func loopback(a sockets.Addr) (string, bool) {
	ip, err := netip.ParseAddr(a.IP)
	switch {
	case a.IP == "*" || err == nil && ip.IsUnspecified():
		a.IP = "127.0.0.1"
	case err != nil || !ip.Unmap().IsLoopback():
		return "", false
	}
	return hostPort(a), true
}

func hostPort(a sockets.Addr) string {
	if ip, err := netip.ParseAddr(a.IP); err == nil {
		a.IP = ip.Unmap().String()
	}
	return net.JoinHostPort(a.IP, strconv.FormatUint(uint64(a.Port), 10))
}
