package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// load is how busy the processors have been until now: all of it, and what this program and its descendants had of
// it, in seconds. What others use besides is what makes a run worth less.
type load struct {
	at        time.Time
	all, ours float64
	known     bool
}

// readLoad reads /proc; where there is none, the load is not known.
func readLoad(proc string, self int) load {
	l := load{at: time.Now()}
	raw, err := os.ReadFile(filepath.Join(proc, "stat"))
	line, _, _ := bytes.Cut(raw, []byte{'\n'})
	fields := bytes.Fields(line) // cpu user nice system idle iowait irq softirq steal guest…
	if err != nil || len(fields) < 9 {
		return l
	}
	for i, field := range fields[1:9] {
		const idle, iowait = 3, 4
		if i != idle && i != iowait {
			l.all += ticks(field)
		}
	}
	type process struct {
		parent int
		time   float64
	}
	processes := map[int]process{}
	stats, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "stat")) // the pattern is well formed
	for _, name := range stats {
		raw, err := os.ReadFile(name)
		fields := afterName(raw)
		if err != nil || len(fields) < 15 {
			continue // it has ended meanwhile
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parent, _ := strconv.Atoi(string(fields[1]))
		p := process{parent: parent}
		for _, field := range fields[11:15] { // its own time and that of its children that have ended, user and system
			p.time += ticks(field)
		}
		processes[pid] = p
	}
	for pid, p := range processes {
		for pid != self && processes[pid].parent != 0 {
			pid = processes[pid].parent
		}
		if pid == self {
			l.ours += p.time
		}
	}
	l.known = true
	return l
}

// afterName are the fields of /proc's stat after the program's name, which may have anything in it: state, parent, …
func afterName(stat []byte) [][]byte { return bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) }

// ticks are seconds, of a count of USER_HZ.
func ticks(field []byte) float64 {
	value, _ := strconv.ParseFloat(string(field), 64)
	return value / 100
}

// othersSince is how many processors others have used since before, or nil if that is not known.
func (l load) othersSince(before load) *float64 {
	seconds := l.at.Sub(before.at).Seconds()
	if !l.known || !before.known || seconds <= 0 {
		return nil
	}
	others := rounded(max(0, (l.all-before.all)-(l.ours-before.ours)) / seconds)
	return &others
}
