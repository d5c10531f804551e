package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how wide help is printed: terminals of every kind show it whole.
const helpWidth = 80

const aboutServe = `Start the Gate: the app in a browser and the REST API; and, where it is told
what stands behind them, the doors for programs: the API gateway in front of the
registrar's API (below /v2/) and ISProxy. When it is ready it prints one line
with its address. docs/gate.md is its manual.

A certificate that people have to click through is not enough for security keys:
browsers refuse them there, except on localhost.

SIGTERM ends it: what is under way comes to its end first. SIGHUP has it read
its certificate again, which it does by itself too when the files change.`

const examplesOfServe = `  for this computer alone
    gatehouse serve

  for everybody, with both doors for programs
    gatehouse serve --listen :443 --public-url https://gate.example \
      --tls-cert chain.pem --tls-key key.pem \
      --upstream https://api.yoursrs.com \
      --isproxy :2001 --upstream isproxy://is.example --isproxy-key-file is.key

  behind a proxy that has TLS, on this machine
    gatehouse serve --public-url https://gate.example --trusted-proxy 127.0.0.1`

// flagGroup is what belongs together in help.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// flags of the command, in the order in which somebody who sets up a server
// thinks of them.
func (s *serving) flags() []flagGroup {
	group := func(title string, add func(*pflag.FlagSet)) flagGroup {
		f := pflag.NewFlagSet(title, pflag.ContinueOnError)
		f.SortFlags = false
		add(f)
		return flagGroup{title, f}
	}
	return []flagGroup{
		group("Where it listens", func(f *pflag.FlagSet) {
			f.StringVar(&s.listen, "listen", "127.0.0.1:8480", "`address` and port of the app, REST and the API gateway")
			f.StringVar(&s.isproxy, "isproxy", "", "`address` and port of ISProxy, such as 127.0.0.1:2001; it is closed when left out")
			f.StringVar(&s.metrics, "metrics", "", "`address` and port of /metrics, /healthz and /readyz, for those who run the server, such as 127.0.0.1:9480")
		}),
		group("How it is reached", func(f *pflag.FlagSet) {
			f.StringVar(&s.publicURL, "public-url", "", "`URL` under which people's browsers find it; links in mails begin with it")
			f.StringVar(&s.tlsCert, "tls-cert", "", "`file` with the chain of its certificate, PEM")
			f.StringVar(&s.tlsKey, "tls-key", "", "`file` with the key of the certificate, PEM")
			f.StringArrayVar(&s.proxies, "trusted-proxy", nil, "address or `range` of a proxy whose X-Forwarded-For is believed; may be given several times (GATEHOUSE_TRUSTED_PROXY, with commas)")
			f.BoolVar(&s.plain, "allow-plain-http", false, "listen without TLS on an address that others can reach, behind a proxy that has it")
			f.BoolVar(&s.isproxyPlain, "allow-plain-isproxy", false, "let keys come to ISProxy without TLS from other machines too")
		}),
		group("What stands behind it", func(f *pflag.FlagSet) {
			f.StringArrayVar(&s.upstreams, "upstream", nil, "`address` of the registrar's API, https://HOST; or what answers ISProxy: isproxy://HOST:PORT, list:FILE, rdap:. May be given several times: answers are sought in turn")
			f.StringVar(&s.profile, "profile", "", "`file` that says what the routes of the registrar's API mean (Realtime Register v2 is built in)")
			f.StringVar(&s.isproxyKeyFile, "isproxy-key-file", "", "`file` with the key for the ISProxy behind this one (GATEHOUSE_ISPROXY_KEY has the key itself)")
		}),
	}
}

func (e *env) serveCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use: "serve", Short: "Start the Gate: the app in a browser, the REST API, and the doors for programs", Args: usageArgs(cobra.NoArgs),
		Long: aboutServe, Example: examplesOfServe,
		RunE: func(c *cobra.Command, _ []string) error { return e.serve(c.Context(), s) },
	}
	groups := s.flags()
	for _, g := range groups {
		c.Flags().AddFlagSet(g.flags)
	}
	c.SetUsageFunc(func(c *cobra.Command) error {
		out := c.OutOrStderr()
		fmt.Fprintf(out, "Usage:\n  %s\n\nExamples:\n%s\n", c.UseLine(), c.Example)
		for _, g := range groups {
			fmt.Fprintf(out, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(helpWidth))
		}
		_, err := fmt.Fprintf(out, "\nGlobal Flags:\n%s", c.InheritedFlags().FlagUsagesWrapped(helpWidth))
		return err
	})
	return c
}
