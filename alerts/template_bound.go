package alerts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/template/parse"
	"time"

	"github.com/prometheus/prometheus/promql"
	promtemplate "github.com/prometheus/prometheus/template"
)

// maxSteps bounds the turns of a template's loops and the calls of its
// definitions, all together. One that lists every series of a host takes some
// thousands.
const maxSteps = 10_000

// stepQuery is what a bounded template asks for at each step. It is no PromQL, so
// that no template can mean it.
const stepQuery = "\x00step"

var errTooManySteps = fmt.Errorf("its loops take more than %d turns, make them shorter", maxSteps)

// bounded returns the text of a template with a question at the beginning of
// each loop's body and of each definition: the language has no limit of its own,
// and nothing but an error of a function, of which the query is ours, can end a
// template that runs. A text that has neither, or cannot be parsed, comes back as it is.
func bounded(text string) string {
	if !strings.Contains(text, "range") && !strings.Contains(text, "define") && !strings.Contains(text, "block") {
		return text
	}
	tree := parse.New(mainTree)
	tree.Mode = parse.SkipFuncCheck
	trees := make(map[string]*parse.Tree)
	if _, err := tree.Parse(text, "", "", trees); err != nil || trees[mainTree] == nil {
		return text
	}
	var b strings.Builder
	for name, t := range trees {
		boundLoops(t.Root)
		if name != mainTree {
			prepend(t.Root, stepText)
			fmt.Fprintf(&b, "{{define %q}}%s{{end}}", name, t.Root)
		}
	}
	b.WriteString(trees[mainTree].Root.String())
	return b.String()
}

// mainTree is the text outside all definitions: no template's name.
const mainTree = "\x00main"

// stepText asks. A text node is written as it is, which makes an action of it.
var stepText = fmt.Sprintf("{{$_ := query %q}}", stepQuery)

func prepend(list *parse.ListNode, text string) {
	list.Nodes = append([]parse.Node{&parse.TextNode{NodeType: parse.NodeText, Text: []byte(text)}}, list.Nodes...)
}

// boundLoops puts the question into every loop of the list. Text that ends in a
// brace is written as an action: with the one that follows, it would be read otherwise.
func boundLoops(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode:
			if rest, found := bytes.CutSuffix(n.Text, []byte("{")); found {
				n.Text = append(bytes.Clone(rest), `{{"{"}}`...)
			}
		case *parse.RangeNode:
			boundLoops(n.List)
			boundLoops(n.ElseList)
			prepend(n.List, stepText)
		case *parse.IfNode:
			boundLoops(n.List)
			boundLoops(n.ElseList)
		case *parse.WithNode:
			boundLoops(n.List)
			boundLoops(n.ElseList)
		}
	}
}

// steps answers the questions of one expansion, and hands every other query on.
func steps(query promtemplate.QueryFunc) promtemplate.QueryFunc {
	taken := 0
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		if expr != stepQuery {
			return query(ctx, expr, at)
		}
		if taken++; taken > maxSteps {
			return nil, errTooManySteps
		}
		return nil, ctx.Err()
	}
}

// plainly is the error of a template that took too long, without where it was.
func plainly(err error) error {
	if errors.Is(err, errTooManySteps) {
		return errTooManySteps
	}
	return err
}
