package browser

import (
	"fmt"
	"maps"
	"slices"

	"github.com/chromedp/cdproto/autofill"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
)

// Autofill has Chromium fill in a form with a saved address, as when its user chooses the address beside a field. The
// CSS selector finds that field. Autofill returns when the form is filled in.
func (p *Page) Autofill(selector string, address map[string]string) {
	p.t.Helper()
	found := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf("document.querySelector(%q)", selector)})
	field := call(p, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: found.Result.ObjectID}).Node
	known := &autofill.Address{}
	for _, name := range slices.Sorted(maps.Keys(address)) {
		known.Fields = append(known.Fields, &autofill.AddressField{Name: name, Value: address[name]})
	}
	call(p, autofill.Enable, cdp.Empty{})
	call(p, autofill.Trigger, autofill.TriggerParams{FieldID: field.BackendNodeID, Address: known})
}

// Edit gives Chromium editing commands, one after the other, such as selectAll, copy and paste, as the keys for them
// do.
func (p *Page) Edit(commands ...string) {
	p.t.Helper()
	for _, command := range commands {
		call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "F13", Commands: []string{command}})
		call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: "F13"})
	}
}
