// Katib's check of a batch/v1 Job: converted to Kubernetes' type and back, nothing of it may be lost.
// It reads a Job a line and prints 1 where the Job is admitted, 0 where it is refused.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/mattbaird/jsonpatch"
	batch "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

func admits(line []byte) (good int) {
	defer func() {
		if recover() != nil { // the patch library fails on null against a mapping, and the webhook with it
			good = 0
		}
	}()
	given, job := map[string]any{}, batch.Job{}
	if kjson.Unmarshal(line, &given) != nil || runtime.DefaultUnstructuredConverter.FromUnstructured(given, &job) != nil {
		return 0
	}
	before, _ := json.Marshal(given)
	after, _ := json.Marshal(job)
	changes, err := jsonpatch.CreatePatch(after, before)
	if err != nil {
		return 0
	}
	for _, change := range changes {
		resource := strings.Contains(change.Path, "/resources/limits/") || strings.Contains(change.Path, "/resources/requests/")
		if change.Operation != "remove" && !resource {
			return 0
		}
	}
	return 1
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<24)
	for in.Scan() {
		fmt.Print(admits(in.Bytes()))
	}
}
