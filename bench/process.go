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

// cpuSeconds returns the user and system time of a process. Linux counts it in steps of 10 ms. On other systems it is unknown, 0.
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

// residentMiB returns the resident memory of a process on Linux. On other systems it is unknown, 0.
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

// end terminates a process, and kills it if it has not ended after 10 s.
func end(command *exec.Cmd) {
	if command == nil || command.Process == nil {
		return
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	stubborn := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
	_ = command.Wait()
	stubborn.Stop()
}
