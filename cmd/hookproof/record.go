package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/record"
)

// lastAnswers is how long deliveries in flight may take when a recording ends.
const lastAnswers = 10 * time.Second

func recordCommand() *cobra.Command {
	var options record.Options
	cmd := &cobra.Command{
		Use:   "record --listen ADDR --forward URL --out DIR",
		Short: "Store what Stripe really sends, scrubbed, to replay it",
		Long: `record is a proxy in front of an endpoint. It passes every request on byte for byte, passes the answer back,
and stores a copy of each event in DIR, without secrets and personal data: what is not known to be
harmless is replaced by a placeholder of the same JSON type, ids by placeholders that agree with one another.
No header is stored, so no signature either. docs/recording.md has the rule.

Ctrl-C ends it. 'hookproof replay DIR' sends a recording again, with new ids and fresh signatures. With --json it prints
the recording's list of deliveries then, and what it tells meanwhile goes to standard error.`,
		Example: `  hookproof record --listen 127.0.0.1:4242 --forward http://127.0.0.1:3000/webhooks/stripe --out checkout
  stripe listen --forward-to 127.0.0.1:4242          (in another terminal; then pay something)
  hookproof replay checkout --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…`,
		Args:                  noArguments,
		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	listen := flags.String("listen", "127.0.0.1:4242", "the `ADDR`ess to listen on; with port 0 a free one is taken")
	flags.StringVar(&options.Forward, "forward", "", "the `URL` that every request is passed on to")
	flags.StringVar(&options.Folder, "out", "", "the folder `DIR` to store in; it is made, and must not hold a recording")
	flags.StringArrayVar(&options.Keep, "keep", nil, "the `NAME` of a field, of metadata or not, whose value is kept as it is; repeatable")
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if options.Forward == "" || options.Folder == "" {
			return errors.New("record: --forward URL and --out DIR are needed; try 'hookproof record --help'")
		}
		out := cmd.OutOrStdout()
		if *asJSON {
			out = cmd.ErrOrStderr()
		}
		err := runRecord(cmd, out, *listen, options)
		if err == nil && *asJSON {
			var index record.Index
			if index, err = record.ReadIndex(options.Folder); err == nil {
				err = printJSON(cmd.OutOrStdout(), index)
			}
		}
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		return nil
	}
	return cmd
}

// runRecord serves until the context ends, or nothing more can be stored.
func runRecord(cmd *cobra.Command, out io.Writer, listen string, options record.Options) error {
	ctx, stop := context.WithCancelCause(cmd.Context())
	defer stop(nil)
	others := 0
	options.Told = func(e record.Entry, err error) {
		switch broken := (record.WriteError{}); {
		case errors.As(err, &broken):
			stop(err)
		case err != nil:
			others++
			_, _ = fmt.Fprintf(out, "%s  passed on, not stored: %v\n", answered(e.Status), err)
		default:
			_, _ = fmt.Fprintf(out, "%s  %s\n", answered(e.Status), e.File)
		}
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %s; name a free address of this machine, such as 127.0.0.1:4242", listen, inner(err))
	}
	defer func() { _ = listener.Close() }()
	recorder, err := record.New(options)
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("nothing can be stored in %s: %w", options.Folder, path.Err)
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "Recording what comes to http://%s in %s, passing it on to %s. Ctrl-C ends it.\n",
		listener.Addr(), options.Folder, options.Forward)

	server := &http.Server{Handler: recorder, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close() // what is in flight now is stored as not answered
		}
		recorder.Wait()
		if cmd.Context().Err() == nil {
			err = context.Cause(ctx)
		}
	}
	_, _ = fmt.Fprintf(out, "Stored %s in %s.", count(recorder.Stored(), "delivery", "deliveries"), options.Folder)
	if others > 0 {
		_, _ = fmt.Fprintf(out, " %d passed on, but not stored.", others)
	}
	_, _ = fmt.Fprintln(out)
	return err
}

// inner is what went wrong, without where: that is told already.
func inner(err error) string {
	var network *net.OpError
	if errors.As(err, &network) {
		err = network.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	var address *net.AddrError
	if errors.As(err, &address) {
		return address.Err
	}
	return err.Error()
}

func answered(status int) string {
	if status == 0 {
		return "---" // not at all
	}
	return fmt.Sprint(status)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
