// Promql reads expressions as Prometheus does, and says which of them ask for a metric or a label that there isn't.
//
// On its input is one JSON object: `metrics` (name → labels, as exporters expose them), `records` (rules that make further metrics: `record`,
// `expr`, `labels`) and `expressions` (`where`, `expr`, and `open` where metrics of the team's own may stand). On its output, a list of faults.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

type expression struct {
	Where  string            `json:"where"`
	Expr   string            `json:"expr"`
	Open   bool              `json:"open"`
	Record string            `json:"record"`
	Labels map[string]string `json:"labels"`
}

type input struct {
	Metrics     map[string][]string `json:"metrics"`
	Records     []expression        `json:"records"`
	Expressions []expression        `json:"expressions"`
}

type fault struct {
	Where   string `json:"where"`
	Message string `json:"message"`
}

// The labels that series of an expression can have; nil: whichever.
type set map[string]bool

func setOf(names ...string) set {
	made := set{}
	for _, name := range names {
		made[name] = true
	}
	return made
}

func (s set) String() string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func (s set) plus(other set) set {
	if s == nil || other == nil {
		return nil
	}
	made := set{}
	for name := range s {
		made[name] = true
	}
	for name := range other {
		made[name] = true
	}
	return made
}

func (s set) minus(names ...string) set {
	if s == nil {
		return nil
	}
	made := s.plus(set{})
	for _, name := range names {
		delete(made, name)
	}
	return made
}

type reader struct {
	metrics map[string]set
	open    bool
	say     func(format string, values ...any)
}

func (r reader) need(known set, what string, names ...string) {
	for _, name := range names {
		if known != nil && !known[name] {
			r.say("there is no label `%s` %s, only: %s", name, what, known)
		}
	}
}

func family(name string) string { return strings.SplitN(name, "_", 2)[0] }

func (r reader) selector(node *parser.VectorSelector) set {
	name := node.Name
	for _, matcher := range node.LabelMatchers {
		if matcher.Name == labels.MetricName && matcher.Type == labels.MatchEqual {
			name = matcher.Value
		}
	}
	known, found := r.metrics[name]
	if !found {
		exporters := map[string]bool{}
		for other := range r.metrics {
			exporters[family(other)] = true
		}
		if !r.open || exporters[family(name)] {
			r.say("there is no metric `%s`", name)
		}
		return nil
	}
	for _, matcher := range node.LabelMatchers {
		if matcher.Name != labels.MetricName {
			r.need(known, "on `"+name+"`", matcher.Name)
		}
	}
	return known
}

func (r reader) labels(node parser.Expr) set {
	switch node := node.(type) {
	case *parser.VectorSelector:
		return r.selector(node)
	case *parser.MatrixSelector:
		return r.labels(node.VectorSelector)
	case *parser.SubqueryExpr:
		return r.labels(node.Expr)
	case *parser.ParenExpr:
		return r.labels(node.Expr)
	case *parser.UnaryExpr:
		return r.labels(node.Expr)
	case *parser.StepInvariantExpr:
		return r.labels(node.Expr)
	case *parser.AggregateExpr:
		return r.aggregate(node)
	case *parser.Call:
		return r.call(node)
	case *parser.BinaryExpr:
		return r.binary(node)
	}
	return set{}
}

func (r reader) aggregate(node *parser.AggregateExpr) set {
	inner := r.labels(node.Expr)
	r.need(inner, "to group by in `"+node.Expr.String()+"`", node.Grouping...)
	switch {
	case slices.Contains([]parser.ItemType{parser.TOPK, parser.BOTTOMK}, node.Op):
		return inner
	case node.Without:
		return inner.minus(node.Grouping...)
	}
	return setOf(node.Grouping...)
}

func (r reader) call(node *parser.Call) set {
	made := set{}
	for _, argument := range node.Args {
		found := r.labels(argument)
		if kind := argument.Type(); kind == parser.ValueTypeVector || kind == parser.ValueTypeMatrix {
			made = found
		}
	}
	switch node.Func.Name {
	case "scalar", "time":
		return set{}
	case "absent", "absent_over_time", "label_replace", "label_join":
		return nil
	case "histogram_quantile":
		r.need(made, "for the bounds of `"+node.String()+"`", labels.BucketLabel)
		return made.minus(labels.BucketLabel)
	}
	return made
}

func (r reader) binary(node *parser.BinaryExpr) set {
	left, right := r.labels(node.LHS), r.labels(node.RHS)
	switch matching := node.VectorMatching; {
	case node.LHS.Type() == parser.ValueTypeScalar:
		return right
	case node.RHS.Type() == parser.ValueTypeScalar:
		return left
	case node.Op == parser.LOR:
		return left.plus(right)
	case matching.On:
		r.need(left, "to match on in `"+node.LHS.String()+"`", matching.MatchingLabels...)
		r.need(right, "to match on in `"+node.RHS.String()+"`", matching.MatchingLabels...)
		switch {
		case matching.Card == parser.CardManyToOne:
			r.need(right, "to take in from `"+node.RHS.String()+"`", matching.Include...)
			return left.plus(setOf(matching.Include...))
		case matching.Card == parser.CardOneToMany:
			return right.plus(setOf(matching.Include...))
		case node.Op.IsSetOperator():
			return left
		}
		return setOf(matching.MatchingLabels...)
	case left != nil && right != nil && left.minus(matching.MatchingLabels...).String() != right.minus(matching.MatchingLabels...).String():
		r.say("nothing matches in `%s`: on the left are %s, on the right %s", node, left, right)
	}
	return left.minus(node.VectorMatching.MatchingLabels...)
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("promql, with the parser of Prometheus")
		return
	}
	var given input
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(2)
	}
	metrics := map[string]set{}
	for name, names := range given.Metrics {
		metrics[name] = setOf(names...)
	}
	faults := []fault{}
	read := func(one expression, quiet bool) set {
		say := func(format string, values ...any) {
			if !quiet {
				faults = append(faults, fault{one.Where, fmt.Sprintf(format, values...)})
			}
		}
		parsed, err := parser.ParseExpr(one.Expr)
		if err != nil {
			say("%v", err)
			return nil
		}
		return reader{metrics, one.Open, say}.labels(parsed)
	}
	// Records read one another, so their names come first, and their labels when nothing that they read changes any more.
	for _, record := range given.Records {
		metrics[record.Record] = nil
	}
	for round := 0; round < 5; round++ {
		found := map[string]set{}
		for _, record := range given.Records {
			made := read(record, true)
			for name := range record.Labels {
				made = made.plus(setOf(name))
			}
			if other, again := found[record.Record]; again {
				made = made.plus(other)
			}
			found[record.Record] = made
		}
		for name, made := range found {
			metrics[name] = made
		}
	}
	for _, one := range append(given.Records, given.Expressions...) {
		read(one, false)
	}
	if err := json.NewEncoder(os.Stdout).Encode(faults); err != nil {
		os.Exit(2)
	}
}
