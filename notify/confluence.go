package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
)

// ConfluenceConfig is a page that setmend writes, all of it, after each run. It
// must be empty or setmend's already.
type ConfluenceConfig struct {
	// Site is https://NAME.atlassian.net for Cloud, or a Data Center's base URL.
	Site   string    `yaml:"site" json:"site"`
	PageID string    `yaml:"pageId" json:"pageId"`
	Email  string    `yaml:"email,omitempty" json:"email,omitempty"` // Cloud: whose token it is
	Token  Reference `yaml:"token" json:"token"`
	// DataCenter: a server of one's own, with personal access tokens.
	DataCenter bool   `yaml:"dataCenter,omitempty" json:"dataCenter,omitempty"`
	Template   string `yaml:"template,omitempty" json:"template,omitempty"`
	// NoAttachment leaves the dashboard's HTML out.
	NoAttachment bool `yaml:"noAttachment,omitempty" json:"noAttachment,omitempty"`
}

const (
	// maxPage is the largest page that is written, in bytes; editors get slow long
	// before Confluence's own limit of 5 MB.
	maxPage = 500_000
	// owned is the sentence by which a page is known to be setmend's.
	owned = "This page is written by setmend; whatever is changed here is overwritten."
	// attachmentName is one name for ever, so that each upload is a new version.
	attachmentName = "setmend-dashboard.html"
	// attachmentPart marks the part that is the file; its content is the path.
	attachmentPart = "attachment"
)

var pageID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,20}$`) })

type confluence struct {
	service
	config ConfluenceConfig
	texts  texts
}

func (c *confluence) Parts(m Message) ([]Part, error) {
	body, err := largest(func(limit limits) ([]byte, bool, error) {
		text, err := c.texts.execute("page", view(m, c.texts.mark, limit))
		if err != nil {
			return nil, false, err
		}
		text += "\n<p><em>" + owned + "</em></p>\n"
		return []byte(text), len(text) <= maxPage, wellFormed(text)
	})
	parts := []Part{{"page", "application/xhtml+xml", body}}
	if err == nil && m.DashboardFile != "" && !c.config.NoAttachment {
		parts = append(parts, Part{attachmentPart, "text/plain", []byte(m.DashboardFile)})
	}
	return parts, err
}

// wellFormed finds a template's mistakes here, where they can be named:
// Confluence answers with no more than 400.
func wellFormed(text string) error {
	decoder := xml.NewDecoder(strings.NewReader("<page>" + text + "</page>"))
	decoder.Entity = xml.HTMLEntity
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return rejected("Correct the template.", "rendering the page: it is not XHTML: %v", err)
		}
	}
}

func (c *confluence) Send(ctx context.Context, m Message, part Part) error {
	if part.Name == attachmentPart {
		return c.attach(ctx, string(part.Content))
	}
	var err error
	for range 4 { // somebody else may write the page between reading and writing it
		if err = c.write(ctx, m, string(part.Content)); !isConflict(err) {
			return err
		}
	}
	return err
}

// page is what both products tell about a page, and take. In Cloud's API
// (/wiki/api/v2/pages) and Data Center's (/rest/api/content) the fields differ in
// place, not in name.
type page struct {
	ID     string `json:"id"`
	Type   string `json:"type,omitempty"`   // Data Center
	Status string `json:"status,omitempty"` // Cloud
	Title  string `json:"title"`
	Body   struct {
		Representation string      `json:"representation,omitempty"` // Cloud, writing
		Value          string      `json:"value,omitempty"`          // Cloud, writing
		Storage        *storedBody `json:"storage,omitempty"`        // reading; Data Center also writing
	} `json:"body"`
	Version struct {
		Number  int    `json:"number"`
		Message string `json:"message,omitempty"`
	} `json:"version"`
}

type storedBody struct {
	Value          string `json:"value"`
	Representation string `json:"representation"`
}

// write replaces the page, unless its latest version is this event's already.
func (c *confluence) write(ctx context.Context, m Message, body string) error {
	address := c.url("/wiki/api/v2/pages/"+c.config.PageID, "/rest/api/content/"+c.config.PageID)
	var current page
	if err := c.call(ctx, "GET", address+c.url("?body-format=storage", "?expand=body.storage,version"), nil, nil, &current); err != nil {
		return unsent(err)
	}
	comment := clean("setmend "+m.Event, 200)
	if current.Version.Message == comment {
		return nil
	}
	if current.Body.Storage == nil || current.Title == "" || current.Version.Number == 0 {
		return rejected("Is the site's address right?", "reading page %s: the answer is not a page", c.config.PageID)
	}
	if there := current.Body.Storage.Value; strings.TrimSpace(there) != "" && !strings.Contains(there, owned) {
		return rejected("Make an empty page for setmend and configure its id, or empty this one.",
			"page %s (%s) has content that setmend did not write", c.config.PageID, clean(current.Title, 100))
	}
	next, err := json.Marshal(c.next(current, body, comment))
	if err != nil {
		return rejected("", "writing page %s: %v", c.config.PageID, err)
	}
	return c.call(ctx, "PUT", address, map[string]string{"Content-Type": "application/json"}, next, nil)
}

func (c *confluence) next(current page, body, comment string) page {
	next := page{ID: c.config.PageID, Title: current.Title}
	next.Version.Number = current.Version.Number + 1
	next.Version.Message = comment
	if c.config.DataCenter {
		next.Type = "page"
		next.Body.Storage = &storedBody{body, "storage"}
	} else {
		next.Status = "current"
		next.Body.Representation, next.Body.Value = "storage", body
	}
	return next
}

// attach uploads the file as a new version of the attachment, or the first one.
func (c *confluence) attach(ctx context.Context, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return rejected("", "attaching the dashboard: %v", err)
	}
	address := c.url("/wiki", "") + "/rest/api/content/" + c.config.PageID + "/child/attachment"
	var found struct {
		Results []struct {
			ID string `json:"id"`
		} `json:"results"`
	}
	if err := c.call(ctx, "GET", address+"?filename="+url.QueryEscape(attachmentName), nil, nil, &found); err != nil {
		return unsent(err)
	}
	if len(found.Results) > 0 {
		address += "/" + url.PathEscape(found.Results[0].ID) + "/data"
	}
	body, contentType, err := upload(content)
	if err != nil {
		return rejected("", "attaching the dashboard: %v", err)
	}
	return c.call(ctx, "POST", address, map[string]string{"Content-Type": contentType, "X-Atlassian-Token": "nocheck"}, body, nil)
}

func upload(content []byte) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + attachmentName + `"`},
		"Content-Type":        {"text/html"},
	})
	if err == nil {
		_, err = file.Write(content)
	}
	err = errors.Join(err, form.WriteField("minorEdit", "true"), form.Close())
	return b.Bytes(), form.FormDataContentType(), err
}

// url is the site with Cloud's or Data Center's path; for a query, the query.
func (c *confluence) url(cloud, dataCenter string) string {
	path := cloud
	if c.config.DataCenter {
		path = dataCenter
	}
	if strings.HasPrefix(path, "?") {
		return path
	}
	return strings.TrimRight(c.config.Site, "/") + path
}

func (c *confluence) call(ctx context.Context, method, address string, header map[string]string, body []byte, into any) error {
	token, err := c.config.Token.resolve(ctx, c.resolver)
	if err != nil {
		return err
	}
	credential := NewSecret("Bearer " + token.Reveal())
	if !c.config.DataCenter {
		pair := base64.StdEncoding.EncodeToString([]byte(c.config.Email + ":" + token.Reveal()))
		credential = NewSecret("Basic " + pair)
	}
	r := request{method: method, url: address, body: body, secrets: []Secret{token, credential},
		header: map[string]string{"Accept": "application/json", "Authorization": credential.Reveal()}}
	for name, value := range header {
		r.header[name] = value
	}
	answer, err := c.client.send(ctx, r)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(answer.body, into); err != nil {
		return rejected("Is the site's address right?", "reading the answer of Confluence: it is not the JSON expected")
	}
	return nil
}

// unsent is an error of reading: whatever its outcome, nothing was written.
func unsent(err error) error {
	var e *DeliveryError
	if errors.As(err, &e) && e.Outcome == Unknown {
		again := *e
		again.Outcome = Later
		return &again
	}
	return err
}

// isConflict: Confluence answers 409 if the version is not the next one.
func isConflict(err error) bool {
	var e *DeliveryError
	return errors.As(err, &e) && e.Status == http.StatusConflict
}

// Repeatable: the page's version says which event wrote it, and uploading the
// same file again changes nothing but its version.
func (c *confluence) Repeatable() bool { return true }
