package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp/kb"
)

// rules are the sets of axe's rules that a page has to keep: WCAG 2.2, levels A and AA, and what axe considers good
// practice beyond it.
var rules = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}

// Axe fails the test for each rule of accessibility that the page breaks, in the light and in the dark colour scheme.
//
// It runs axe-core, which "npm ci --prefix tests" installs. Without it the test is skipped, or fails where
// REQUIRE_BROWSER=1 is set.
func (p *Page) Axe() {
	p.t.Helper()
	Value[bool](p, p.axe()+"; true")
	for _, scheme := range []string{"dark", "light"} {
		p.Media("prefers-color-scheme", scheme)
		for _, v := range Value[[]violation](p, audit()) {
			for _, node := range v.Nodes {
				p.t.Errorf("axe: in the %s scheme: %s: %s: %s\n%s", scheme, v.ID, v.Help, node.HTML, node.FailureSummary)
			}
		}
	}
}

// violation is what axe says about one rule.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	} `json:"nodes"`
}

// audit is the expression that runs axe. If axe checked nothing, that is an error.
func audit() string {
	list, err := json.Marshal(rules)
	if err != nil {
		panic(err) // only for a value that has no JSON
	}
	return fmt.Sprintf(`axe.run({runOnly: %s}).then(({violations, passes}) => {
		if (passes.length === 0) throw new Error("axe found nothing to check");
		return violations.map(({id, help, nodes}) =>
			({id, help, nodes: nodes.map(({html, failureSummary}) => ({html, failureSummary}))}));
	})`, list)
}

// axe returns the source of axe-core, from the folder tests of this module.
func (p *Page) axe() string {
	p.t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		p.t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		source, err := os.ReadFile(filepath.Join(dir, "tests", "node_modules", "axe-core", "axe.min.js"))
		if err == nil {
			return string(source)
		}
	}
	missing(p.t, "browser: this needs axe-core, which npm ci --prefix tests installs")
	return ""
}

// Node is what an assistive program is told of an element.
type Node struct {
	Role, Name, Description string
	Focused                 bool
}

// Tree returns the page's accessibility tree, in reading order.
func (p *Page) Tree() []Node {
	p.t.Helper()
	call(p, accessibility.Enable, cdp.Empty{})
	tree := call(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	if len(tree) == 0 {
		p.t.Fatal("browser: the accessibility tree is empty")
	}
	byID := make(map[accessibility.NodeID]*accessibility.Node, len(tree))
	for _, node := range tree {
		byID[node.NodeID] = node
	}
	var nodes []Node
	var walk func(*accessibility.Node)
	walk = func(node *accessibility.Node) {
		if !node.Ignored {
			nodes = append(nodes, newNode(node))
		}
		for _, id := range node.ChildIDs {
			if child, ok := byID[id]; ok {
				walk(child)
			}
		}
	}
	walk(tree[0])
	return nodes
}

func newNode(node *accessibility.Node) Node {
	n := Node{Role: text(node.Role), Name: text(node.Name), Description: text(node.Description)}
	for _, property := range node.Properties {
		if property.Name == accessibility.PropertyNameFocused {
			n.Focused = text(property.Value) == "true"
		}
	}
	return n
}

// text returns a string's text, or another value's JSON.
func text(value *accessibility.Value) (s string) {
	if value == nil {
		return ""
	}
	if json.Unmarshal(value.Value, &s) != nil {
		return strings.TrimSpace(string(value.Value))
	}
	return s
}

// Tab presses the tabulator key and returns what then has the focus.
func (p *Page) Tab() Node {
	p.t.Helper()
	p.check(p.press(kb.Tab))
	return p.Focused()
}

// Focused returns what has the focus, the innermost of several elements that claim it.
func (p *Page) Focused() (focused Node) {
	p.t.Helper()
	for _, node := range p.Tree() {
		if node.Focused {
			focused = node
		}
	}
	return focused
}
