// What Katib's own webhooks say: JSON lines in, JSON lines out.
//
// A line is a question: {"op": "create"|"update", "object": {…}, "oldObject"?, "configMapData"?, "unlabelled"?}
// or {"op": "collect", "log", "metrics", "filters", "format"}. The answers are Answer and Collected.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// Question is one line of the input.
type Question struct {
	Op            string             `json:"op"`
	Object        json.RawMessage    `json:"object"`
	OldObject     json.RawMessage    `json:"oldObject"`
	ConfigMapData map[string]*string `json:"configMapData"` // of the ConfigMap that the Experiment names; null: absent
	Unlabelled    bool               `json:"unlabelled"`    // the namespace lacks Katib's label

	Log     string   `json:"log"`
	Metrics []string `json:"metrics"`
	Filters []string `json:"filters"`
	Format  string   `json:"format"`
}

func main() {
	ctrllog.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println(release())
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	written := json.NewEncoder(out)
	written.SetEscapeHTML(false)
	for lines.Scan() {
		var question Question
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			fail(err)
		}
		var answer any
		if question.Op == "collect" {
			answer = collect(question)
		} else {
			answer = review(question)
		}
		if err := written.Encode(answer); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

// release gives the version of Katib that this program was built with.
func release() string {
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range built.Deps {
		if module.Path == "github.com/kubeflow/katib" {
			return module.Version
		}
	}
	return "unknown"
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
