package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/process"
	"example.com/hookproof/hookproof/target"
)

// database is where the process has its database, and how its environment says so.
type database struct {
	upstream string
	moved    func(listen string) map[string]string // the variables by which it dials another address
	names    string                                // of these variables
	basis    string
}

// ports are the usual ports of databases, by the schemes of their URLs.
var ports = map[string]string{"postgres": "5432", "postgresql": "5432", "mysql": "3306", "mariadb": "3306", "mongodb": "27017"}

// pairs are variables that name a database's host and port, with the usual port.
var pairs = []struct{ host, port, usual string }{
	{"PGHOST", "PGPORT", "5432"}, {"POSTGRES_HOST", "POSTGRES_PORT", "5432"}, {"MYSQL_HOST", "MYSQL_PORT", "3306"},
	{"DATABASE_HOST", "DATABASE_PORT", "5432"}, {"DB_HOST", "DB_PORT", "5432"},
}

// findDatabase finds the database in the variables of the process.
func (i *inquiry) findDatabase() database {
	for _, one := range i.variables() {
		for _, name := range slices.Sorted(maps.Keys(one.values)) {
			u, err := url.Parse(strings.Replace(one.values[name], "jdbc:", "", 1))
			if err != nil || ports[u.Scheme] == "" || u.Hostname() == "" {
				continue
			}
			upstream := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme]))
			whole := one.values[name]
			return database{upstream, func(listen string) map[string]string {
				return map[string]string{name: withHost(whole, listen)}
			}, name, name + " " + one.where + " is " + withoutPassword(whole)}
		}
		for _, pair := range pairs {
			host, port := one.values[pair.host], one.values[pair.port]
			if host == "" && port == "" {
				continue
			}
			names := pair.host + " and " + pair.port
			upstream := net.JoinHostPort(cmp.Or(host, "127.0.0.1"), cmp.Or(port, pair.usual))
			if strings.HasPrefix(host, "/") { // a socket's directory
				upstream = net.JoinHostPort("127.0.0.1", cmp.Or(port, pair.usual))
			}
			return database{upstream, func(listen string) map[string]string {
				host, port, _ := net.SplitHostPort(listen)
				return map[string]string{pair.host: host, pair.port: port}
			}, names, names + " " + one.where + " name it"}
		}
	}
	if i.process != nil {
		for _, to := range i.process.Dials {
			if _, port, _ := net.SplitHostPort(to); slices.Contains([]string{"5432", "3306", "27017"}, port) {
				return database{upstream: to, basis: fmt.Sprintf("process %d has connections to it; no variable of it says so, so start must tell it to dial another address", i.process.PID)}
			}
		}
	}
	return database{}
}

// withHost returns a URL with another host and port, and with each other letter as it was.
func withHost(text, host string) string {
	before, rest, _ := strings.Cut(text, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	begin := strings.LastIndexByte(rest[:end], '@') + 1
	return before + "://" + rest[:begin] + host + rest[end:]
}

// withoutPassword is a URL without its password.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "…"
	}
	if strings.Contains(u.RawQuery, "password") {
		u.RawQuery = ""
	}
	return strings.Replace(u.Redacted(), ":xxxxx@", ":…@", 1)
}

func (i *inquiry) proposeDatabase() proposal {
	if i.offline {
		return proposal{}
	}
	i.base = i.findDatabase()
	if i.base.upstream == "" {
		return proposal{}
	}
	if !process.IsLoopback(i.base.upstream) {
		i.say("%s, which is not on this machine, so it is not proposed.", upper(i.base.basis))
		return proposal{}
	}
	if err := i.dial(i.base.upstream); err != nil {
		i.say("%s, and %s.", upper(i.base.basis), err)
		return proposal{}
	}
	return propose(i.base.upstream, i.base.basis)
}

// addressOf is the host:port of a database that is named by it, or by a URL.
func addressOf(answer string) string {
	if u, err := url.Parse(answer); err == nil && ports[u.Scheme] != "" {
		return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme]))
	}
	return answer
}

// takeDatabase takes host:port, or a URL.
func (i *inquiry) takeDatabase(answer string) error {
	i.file.Database = nil
	if answer == "" || answer == "-" {
		return nil
	}
	answer = addressOf(answer)
	if i.base.upstream == "" && !i.offline {
		i.base = i.findDatabase()
	}
	if !i.offline {
		if err := i.dial(answer); err != nil {
			return err
		}
	}
	i.file.Database = &databaseEntry{Upstream: answer}
	return nil
}

// dial returns an error if nothing listens at an address.
func (i *inquiry) dial(address string) error {
	ctx, cancel := context.WithTimeout(i.ctx, target.DefaultTimings.Connect)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("nothing listens at %s", address)
	}
	return conn.Close()
}

// usualListen is where the target dials its database while it is judged.
const usualListen = "127.0.0.1:6432"

// proposeListen proposes an address that nobody listens at.
func (i *inquiry) proposeListen() proposal {
	if i.offline {
		return propose(usualListen, "")
	}
	for port := 6432; port < 6532; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if listener, err := net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return propose(address, "nothing listens there")
		}
	}
	return proposal{}
}
