package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpuSeconds is a process's time on the processors so far, user and system, as Linux counts it: in steps of
// 10 ms. Elsewhere it is unknown, 0.
func cpuSeconds(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, nil
	}
	fields := afterName(raw)
	if len(fields) < 13 {
		return 0, errors.New("/proc has an unknown form")
	}
	return ticks(fields[11]) + ticks(fields[12]), nil
}

// residentMiB is a process's memory as Linux counts it. Elsewhere it is unknown, 0.
func residentMiB(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, nil
	}
	for line := range strings.Lines(string(raw)) {
		if value, is := strings.CutPrefix(line, "VmRSS:"); is {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, nil
}

// end asks a process to end, and makes it.
func end(command *exec.Cmd) {
	if command == nil || command.Process == nil {
		return
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	stubborn := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
	_ = command.Wait()
	stubborn.Stop()
}
