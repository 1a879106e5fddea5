package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// processorTime is the processor time that has been used until a moment: by all processes of the host, and by this program
// with its descendants, in seconds. The difference of both is the host load. Figures of a run under host load are lower.
type processorTime struct {
	at        time.Time
	all, ours float64
	known     bool
}

// readProcessorTime reads /proc. On a system without /proc the time is unknown.
func readProcessorTime(proc string, self int) processorTime {
	p := processorTime{at: time.Now()}
	raw, err := os.ReadFile(filepath.Join(proc, "stat"))
	line, _, _ := bytes.Cut(raw, []byte{'\n'})
	fields := bytes.Fields(line) // cpu user nice system idle iowait irq softirq steal guest…
	if err != nil || len(fields) < 9 {
		return p
	}
	for i, field := range fields[1:9] {
		const idle, iowait = 3, 4
		if i != idle && i != iowait {
			p.all += ticks(field)
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
			continue // the process has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parent, _ := strconv.Atoi(string(fields[1]))
		entry := process{parent: parent}
		for _, field := range fields[11:15] { // user and system time, of the process and of its ended children
			entry.time += ticks(field)
		}
		processes[pid] = entry
	}
	for pid, entry := range processes {
		for pid != self && processes[pid].parent != 0 {
			pid = processes[pid].parent
		}
		if pid == self {
			p.ours += entry.time
		}
	}
	p.known = true
	return p
}

// afterName returns the fields of /proc/PID/stat after the program's name: state, parent, … The name may have any character.
func afterName(stat []byte) [][]byte { return bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) }

// ticks converts a number of USER_HZ ticks to seconds.
func ticks(field []byte) float64 {
	value, _ := strconv.ParseFloat(string(field), 64)
	return value / 100
}

// hostLoadSince returns how many processors other programs kept busy since before, or nil if that is unknown.
func (p processorTime) hostLoadSince(before processorTime) *float64 {
	seconds := p.at.Sub(before.at).Seconds()
	if !p.known || !before.known || seconds <= 0 {
		return nil
	}
	load := rounded(max(0, (p.all-before.all)-(p.ours-before.ours)) / seconds)
	return &load
}
