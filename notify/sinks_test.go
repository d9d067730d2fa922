package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/journal"
)

// TestNoSecretReachesAnySink delivers to services that answer with all that they
// were sent, and looks for the secrets wherever something is written: the log,
// the journal, the list of statuses and the previews.
func TestNoSecretReachesAnySink(t *testing.T) {
	for _, code := range []int{400, 500, 302, 504} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				echo := service{client: serve(t, func(w http.ResponseWriter, r *http.Request) {
					content, _ := io.ReadAll(r.Body)
					w.Header().Set("Location", r.URL.String())
					w.WriteHeader(code)
					fmt.Fprintf(w, "%s %s %v %s", r.URL, r.URL.Query().Get("sig"), r.Header, content)
				})}
				var channels []Channel
				for name, s := range services {
					channels = append(channels, Channel{name, Always, s.make(t, echo)})
				}
				channels = append(channels, Channel{"wiki", Always, &confluence{echo,
					ConfluenceConfig{Site: "https://example.com", PageID: "1", Email: "a@b", Token: secret(t, "TOKEN", "T0KENCANARYSECRET")}, mustTexts(t, "page", storage)}})
				j := journal.NewMemory()
				var sink bytes.Buffer
				o := NewOutbox(j, channels, OutboxOptions{Log: slog.New(slog.NewTextHandler(&sink, &slog.HandlerOptions{Level: slog.LevelDebug}))})
				if err := o.Enqueue(t.Context(), Sample(time.Now())); err != nil {
					t.Fatal(err)
				}
				if _, err := o.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				if sink.Len() == 0 {
					t.Fatal("nothing was logged")
				}
				statuses, err := o.Statuses(t.Context())
				if err != nil || len(statuses) != len(channels) {
					t.Fatalf("%d statuses, %v", len(statuses), err)
				}
				json.NewEncoder(&sink).Encode(statuses)
				keys, err := j.Keys(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				for _, key := range keys {
					value, _, err := j.Get(t.Context(), key)
					if err != nil {
						t.Fatal(err)
					}
					sink.Write(value)
				}
				for _, c := range channels {
					parts, err := Preview(c, Sample(time.Now()))
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&sink, "%s %+v", parts, c)
				}
				wantNoSecret(t, sink.String())
			})
		})
	}
}
