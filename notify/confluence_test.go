package notify

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// wiki is Confluence: one page with attachments. Cloud and Data Center differ in
// paths, in credentials and in where the fields stand.
type wiki struct {
	dataCenter  bool
	body        string
	version     int
	message     string
	attachments map[string]string // content by id; there is one name only
	uploads     int
	race        func() // called before each write is looked at
	writes      int
}

func (w *wiki) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), 400)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(content)))
	prefix, page, want := "/wiki", "/wiki/api/v2/pages/4711", "Basic "+base64.StdEncoding.EncodeToString([]byte("me@example.com:T0KENCANARYSECRET"))
	if w.dataCenter {
		prefix, page, want = "", "/rest/api/content/4711", "Bearer T0KENCANARYSECRET"
	}
	attachments := prefix + "/rest/api/content/4711/child/attachment"
	switch {
	case r.Header.Get("Authorization") != want:
		http.Error(rw, "Unauthorized "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	case r.URL.Path == page && r.Method == "GET":
		w.read(rw, r)
	case r.URL.Path == page && r.Method == "PUT":
		w.write(rw, content)
	case r.URL.Path == attachments && r.Method == "GET" && r.URL.Query().Get("filename") == attachmentName:
		w.list(rw)
	case strings.HasPrefix(r.URL.Path, attachments) && r.Method == "POST":
		w.upload(rw, r, strings.TrimPrefix(r.URL.Path, attachments))
	default:
		http.Error(rw, r.Method+" "+r.URL.Path, 404)
	}
}

func (w *wiki) read(rw http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query().Get("body-format") == "storage"
	if w.dataCenter {
		asked = r.URL.Query().Get("expand") == "body.storage,version"
	}
	body := map[string]any{}
	if asked {
		body["storage"] = map[string]string{"value": w.body, "representation": "storage"}
	}
	json.NewEncoder(rw).Encode(map[string]any{"id": "4711", "title": "StackSets & co", "body": body,
		"version": map[string]any{"number": w.version, "message": w.message}})
}

func (w *wiki) write(rw http.ResponseWriter, content []byte) {
	if w.race != nil {
		w.race()
	}
	var p page
	if err := json.Unmarshal(content, &p); err != nil {
		http.Error(rw, err.Error(), 400)
		return
	}
	value, ok := p.Body.Value, p.Status == "current" && p.Body.Representation == "storage"
	if w.dataCenter {
		ok = p.Type == "page" && p.Body.Storage != nil && p.Body.Storage.Representation == "storage"
		if ok {
			value = p.Body.Storage.Value
		}
	}
	switch {
	case !ok || p.ID != "4711" || p.Title != "StackSets & co":
		http.Error(rw, "not a page: "+string(content[:min(len(content), 200)]), 400)
	case wellFormed(value) != nil:
		http.Error(rw, "Error parsing xhtml", 400)
	case p.Version.Number != w.version+1:
		http.Error(rw, "Version must be incremented", http.StatusConflict)
	default:
		w.body, w.version, w.message = value, p.Version.Number, p.Version.Message
		w.writes++
		rw.Write([]byte("{}"))
	}
}

func (w *wiki) list(rw http.ResponseWriter) {
	var results []map[string]string
	for id := range w.attachments {
		results = append(results, map[string]string{"id": id, "title": attachmentName})
	}
	json.NewEncoder(rw).Encode(map[string]any{"results": results})
}

func (w *wiki) upload(rw http.ResponseWriter, r *http.Request, where string) {
	file, header, err := r.FormFile("file")
	if err != nil || r.Header.Get("X-Atlassian-Token") != "nocheck" || header.Filename != attachmentName {
		http.Error(rw, fmt.Sprintf("XSRF check failed or no file: %v", err), http.StatusForbidden)
		return
	}
	content, err := io.ReadAll(file)
	if err != nil {
		http.Error(rw, err.Error(), 400)
		return
	}
	id := "att1"
	if where == "" && w.attachments[id] != "" {
		http.Error(rw, "Cannot add a new attachment with same file name as an existing attachment", 400)
		return
	}
	if where != "" && (where != "/"+id+"/data" || w.attachments[id] == "") {
		http.Error(rw, "no attachment "+where, 404)
		return
	}
	w.attachments[id] = string(content)
	w.uploads++
	rw.Write([]byte("{}"))
}

// withWiki runs a test on Cloud and on Data Center.
func withWiki(t *testing.T, test func(*testing.T, *wiki, *confluence)) {
	for _, dataCenter := range []bool{false, true} {
		t.Run(map[bool]string{false: "Cloud", true: "Data Center"}[dataCenter], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wiki{dataCenter: dataCenter, version: 3, attachments: map[string]string{}}
				config := ConfluenceConfig{Site: "https://example.com/", PageID: "4711", Token: secret(t, "TOKEN", "T0KENCANARYSECRET"), DataCenter: dataCenter}
				if !dataCenter {
					config.Email = "me@example.com"
				}
				if err := config.check(); err != nil {
					t.Fatal(err)
				}
				test(t, w, &confluence{service{client: serve(t, w.ServeHTTP)}, config, mustTexts(t, "page", storage)})
			})
		})
	}
}

func TestConfluenceTakesThePageAndTheDashboard(t *testing.T) {
	withWiki(t, func(t *testing.T, w *wiki, n *confluence) {
		dashboard := filepath.Join(t.TempDir(), "dashboard.html")
		for i, content := range []string{"<html>one</html>", "<html>two</html>"} {
			if err := os.WriteFile(dashboard, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			m := hostile()
			m.Event, m.DashboardFile = fmt.Sprint("run-", i), dashboard
			if err := sendParts(t, n, m); err != nil {
				t.Fatal(err)
			}
			if w.version != 4+i || w.message != "setmend run-"+fmt.Sprint(i) || w.attachments["att1"] != content {
				t.Errorf("version %d (%s), attachment %q", w.version, w.message, w.attachments["att1"])
			}
		}
		if strings.Contains(w.body, "<script") || !strings.Contains(w.body, "<table>") || !strings.Contains(w.body, owned) {
			t.Errorf("the page is %s", w.body)
		}
	})
}

func TestConfluenceHasEachEventOnce(t *testing.T) {
	withWiki(t, func(t *testing.T, w *wiki, n *confluence) {
		for range 3 {
			if err := sendParts(t, n, messages["sample"]); err != nil {
				t.Fatal(err)
			}
		}
		if w.writes != 1 {
			t.Errorf("written %d times", w.writes)
		}
	})
}

func TestConfluenceTriesAgainIfSomebodyElseWroteThePage(t *testing.T) {
	withWiki(t, func(t *testing.T, w *wiki, n *confluence) {
		races := 2
		w.race = func() {
			if races > 0 {
				races--
				w.version++
			}
		}
		if err := sendParts(t, n, messages["sample"]); err != nil || w.writes != 1 {
			t.Errorf("%d writes, %v", w.writes, err)
		}
		w.race = func() { w.version++ }
		if err := sendParts(t, n, event("next")); err == nil {
			t.Error("written, though the page never stood still")
		}
	})
}

func TestConfluencePagesThatArePeoplesAreLeftAlone(t *testing.T) {
	withWiki(t, func(t *testing.T, w *wiki, n *confluence) {
		w.body = "<p>Minutes of the last ten years</p>"
		err := sendParts(t, n, messages["sample"])
		if outcome, _ := outcomeOf(err); outcome != Rejected || !strings.Contains(err.Error(), "has content that setmend did not write") {
			t.Errorf("got %v", err)
		}
		if w.writes != 0 {
			t.Error("the page was overwritten")
		}
	})
}

func TestConfluencesFailuresAreToldWithoutTheToken(t *testing.T) {
	withWiki(t, func(t *testing.T, w *wiki, n *confluence) {
		t.Setenv("TOKEN", "WR0NGCANARYSECRET")
		err := sendParts(t, n, messages["sample"])
		if outcome, _ := outcomeOf(err); outcome != Rejected || !strings.Contains(err.Error(), "answered 401") {
			t.Errorf("got %v", err)
		}
		wantNoSecret(t, err.Error())
		if strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte("me@example.com:WR0NG"))[:20]) {
			t.Errorf("the credential is told: %v", err)
		}
		n.client = serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})
		// Nothing was written as the first request, which reads, hung.
		if outcome, _ := outcomeOf(sendParts(t, n, messages["sample"])); outcome != Later {
			t.Errorf("hanging is %s", outcome)
		}
		n.client = serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>log in here</html>")) })
		if err := sendParts(t, n, messages["sample"]); err == nil || !strings.Contains(err.Error(), "not the JSON expected") {
			t.Errorf("a login page: %v", err)
		}
	})
}

func TestAMissingDashboardFileDoesNotKeepThePageBack(t *testing.T) {
	withWiki(t, func(t *testing.T, w *wiki, n *confluence) {
		m := event("one")
		m.DashboardFile = "/no/such/file.html"
		if err := sendParts(t, n, m); err == nil || !strings.Contains(err.Error(), "attaching the dashboard") {
			t.Errorf("got %v", err)
		}
		if w.writes != 1 || w.uploads != 0 {
			t.Errorf("%d writes, %d uploads", w.writes, w.uploads)
		}
	})
}

func TestATemplateThatIsNotXHTMLIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.tmpl")
	if err := os.WriteFile(file, []byte(`{{define "page"}}<p>{{.Run}}<br>{{end}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	texts, err := loadTexts("page", storage, file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&confluence{texts: texts}).Parts(messages["sample"]); err == nil || !strings.Contains(err.Error(), "not XHTML") {
		t.Errorf("got %v", err)
	}
}
