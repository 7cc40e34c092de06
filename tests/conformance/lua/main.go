// What Argo CD makes of Lua scripts: JSON lines in, JSON lines out.
//
// A question holds what argocd-cm has for a kind (`health` and `actions`, the latter a YAML text), an object, and what to
// do with it: {"op": "health"}, {"op": "discover"}, or {"op": "act", "action", "parameters"}. The scripts are looked up
// and run by Argo CD's own package, without the open libraries, within its one second.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"

	"github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Question is one line of the input.
type Question struct {
	Op         string            `json:"op"`
	Health     string            `json:"health"`
	Actions    string            `json:"actions"`
	Object     json.RawMessage   `json:"object"`
	Action     string            `json:"action"`
	Parameters map[string]string `json:"parameters"`
}

// Answer is one line of the output.
type Answer struct {
	Status  string                    `json:"status,omitempty"`
	Message string                    `json:"message,omitempty"`
	Offers  []v1alpha1.ResourceAction `json:"offers,omitempty"`
	Object  map[string]any            `json:"object,omitempty"`
	Error   string                    `json:"error,omitempty"`
}

func answer(question Question) (Answer, error) {
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(question.Object, &object.Object); err != nil {
		return Answer{}, err
	}
	if err := asInACluster(object); err != nil {
		return Answer{}, err
	}
	key := lua.GetConfigMapKey(object.GroupVersionKind())
	override := v1alpha1.ResourceOverride{HealthLua: question.Health, Actions: question.Actions}
	vm := lua.VM{ResourceOverrides: map[string]v1alpha1.ResourceOverride{key: override}}
	switch question.Op {
	case "health":
		return health(vm, object)
	case "discover":
		return discover(vm, object)
	case "act":
		return act(vm, object, question)
	}
	return Answer{}, fmt.Errorf("no such op: %q", question.Op)
}

// asInACluster reads the object as a client does: whole numbers are int64, not float64.
func asInACluster(object *unstructured.Unstructured) error {
	text, err := json.Marshal(object.Object)
	if err != nil {
		return err
	}
	return object.UnmarshalJSON(text)
}

func health(vm lua.VM, object *unstructured.Unstructured) (Answer, error) {
	script, open, err := vm.GetHealthScript(object)
	if err != nil {
		return Answer{}, err
	}
	if open || script == "" {
		return Answer{}, errors.New("not the script that was given")
	}
	said, err := vm.ExecuteHealthLua(object, script)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: string(said.Status), Message: said.Message}, nil
}

func discover(vm lua.VM, object *unstructured.Unstructured) (Answer, error) {
	scripts, err := vm.GetResourceActionDiscovery(object)
	if err != nil {
		return Answer{}, err
	}
	offers, err := vm.ExecuteResourceActionDiscovery(object, scripts)
	sort.Slice(offers, func(i, j int) bool { return offers[i].Name < offers[j].Name })
	return Answer{Offers: offers}, err
}

func act(vm lua.VM, object *unstructured.Unstructured, question Question) (Answer, error) {
	action, err := vm.GetResourceAction(object, question.Action)
	if err != nil {
		return Answer{}, err
	}
	var parameters []*application.ResourceActionParameters
	for name, value := range question.Parameters {
		parameters = append(parameters, &application.ResourceActionParameters{Name: &name, Value: &value})
	}
	impacted, err := vm.ExecuteResourceAction(object, action.ActionLua, parameters)
	if err != nil {
		return Answer{}, err
	}
	if len(impacted) != 1 || impacted[0].K8SOperation != lua.PatchOperation {
		return Answer{}, fmt.Errorf("not one patch: %v", impacted)
	}
	return Answer{Object: impacted[0].UnstructuredObj.Object}, nil
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var question Question
		if err := json.Unmarshal(in.Bytes(), &question); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		said, err := answer(question)
		if err != nil {
			said = Answer{Error: err.Error()}
		}
		if err := out.Encode(said); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
