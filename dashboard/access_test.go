package dashboard

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func regexpMatch(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// axe is the source of axe-core, from the folder that AXE_CORE names or from
// node_modules. It is a tool of the tests and not part of the repository.
func axe(t *testing.T) string {
	t.Helper()
	for _, folder := range []string{os.Getenv("AXE_CORE"), "../node_modules/axe-core", "node_modules/axe-core"} {
		if source, err := os.ReadFile(filepath.Join(folder, "axe.min.js")); folder != "" && err == nil {
			return string(source)
		}
	}
	t.Skip("skipped: axe-core is not there (npm install axe-core, or AXE_CORE=FOLDER)")
	return ""
}

func TestNoViolationOfAccessibility(t *testing.T) {
	source := axe(t)
	report := reportOf(1500)
	options := Options{ConsoleLinks: true, Decisions: decisionsOf(report), Approvals: []Approval{{ID: "mass-drift:log-bucket", StackSet: "log-bucket", Reason: "21 % of the set drifted", Hint: "look first", Since: madeAt}}}
	story := "&cell=" + storyCell(report).String()
	for _, scheme := range []string{"light", "dark"} {
		for _, view := range []string{"overview", "overview&v=blocked", "fleet", "fleet&as=table", "fleet" + story, "sets", "run&action=" + report.Actions[3].ID, "history", "graph"} {
			t.Run(scheme+" "+view, func(t *testing.T) {
				p := openPage(t, report, options, look{scheme: scheme, hash: "#view=" + view})
				p.until(`document.querySelector("main section")`)
				violations := p.violations(source)
				if len(violations) > 0 {
					t.Errorf("%s", strings.Join(violations, "\n"))
				}
			})
		}
	}
}

// violations runs axe in the page. The page's policy would not let it in as a
// script element; the debugger's evaluation is not under the policy.
func (p *page) violations(source string) []string {
	p.t.Helper()
	if _, err := chromedp.Run(p.tab, chromedp.Evaluate[bool](source+"\n;true")); err != nil {
		p.t.Fatal(err)
	}
	return evaluate[[]string](p, `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
		violations.flatMap((v) => v.nodes.slice(0, 4).map((node) => v.id + " (" + v.impact + "): " + v.help + ": " + node.html.slice(0, 200) + " " + (node.any[0]?.message ?? ""))))`)
}
