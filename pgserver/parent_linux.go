package pgserver

import "syscall"

// dieWithParent has the kernel stop PostgreSQL when we end without having done so, killed for example.
// The signal comes when the thread that started it ends, so that thread must last: see StartAgain.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = immediate }
