// What Argo CD's diff code says: JSON lines in, JSON lines out.
//
// {"op": "apply", "config", "live"?} is the API server's part of a server-side apply by Argo CD, before the webhooks:
// the merged object, with its managed fields. {"op": "diff", "strategy", "config", "live", "predicted"?} is Argo CD's
// comparison by one strategy: legacy, structured or server; for the last, `predicted` is what a dry run answers.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
)

const manager = "argocd-controller"

// Question is one line of the input.
type Question struct {
	Op        string         `json:"op"`
	Strategy  string         `json:"strategy"`
	Config    map[string]any `json:"config"` // what is in Git
	Live      map[string]any `json:"live"`
	Predicted map[string]any `json:"predicted"`
}

// Answer is one line of the output.
type Answer struct {
	Object   map[string]any `json:"object,omitempty"` // of an apply
	Modified bool           `json:"modified"`         // OutOfSync
	Patch    string         `json:"patch,omitempty"`  // from live to what Argo CD predicts
	Error    string         `json:"error,omitempty"`
}

// dryRun answers what was predicted elsewhere.
type dryRun struct{ predicted map[string]any }

func (d dryRun) Run(context.Context, *unstructured.Unstructured, string) (string, error) {
	out, err := json.Marshal(d.predicted)
	return string(out), err
}

func compare(question Question, parser *managedfields.GvkParser) Answer {
	options := []diff.Option{diff.WithLogr(logr.Discard()), diff.WithGVKParser(parser), diff.WithManager(manager)}
	switch question.Strategy {
	case "structured":
		options = append(options, diff.WithStructuredMergeDiff(true))
	case "server":
		options = append(options, diff.WithServerSideDiff(true), diff.WithServerSideDryRunner(dryRun{question.Predicted}))
	}
	config, live := &unstructured.Unstructured{Object: question.Config}, &unstructured.Unstructured{Object: question.Live}
	result, err := diff.Diff(config, live, options...)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	answer := Answer{Modified: result.Modified}
	if result.Modified {
		answer.Patch = between(result.NormalizedLive, result.PredictedLive)
	}
	return answer
}

func main() {
	parser, manage, err := cluster()
	if err != nil {
		fail(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var question Question
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			fail(err)
		}
		answer := Answer{}
		if question.Op == "apply" {
			answer.Object, err = apply(manage, question.Config, question.Live)
			if err != nil {
				answer.Error = err.Error()
			}
		} else {
			answer = compare(question, parser)
		}
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
