package mutants

import (
	"context"
	"io/fs"
	"net"
	"testing/fstest"
)

// Context is shorter.
type Context = context.Context

func sourcesOf(text string) fs.FS { return fstest.MapFS{"a.txt": {Data: []byte(text)}} }

// listens tells whether a port can be had.
func listens(port string) (bool, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return false, nil
	}
	return true, listener.Close()
}
