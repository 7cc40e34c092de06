// What an ApplicationSet makes of the parameters of its generator, said by Argo CD's own code: JSON lines
// {"set": an ApplicationSet, "parameters": [...]} in, {"applications": [...]} or {"error"} out. And what an AppProject
// permits: {"project", "application", "objects": [...]} in, {"refused": [...]} out.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	argocd "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Question is one line of the input.
type Question struct {
	Set        argocd.ApplicationSet `json:"set"`
	Parameters []map[string]any      `json:"parameters"`

	Project     *argocd.AppProject  `json:"project"`
	Application *argocd.Application `json:"application"`
	Objects     []Object            `json:"objects"`
}

// Object is one that the Application applies.
type Object struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Answer is one line of the output.
type Answer struct {
	Applications []*argocd.Application `json:"applications"`
	Error        string                `json:"error,omitempty"` // with it the controller changes nothing at all
	Refused      []string              `json:"refused,omitempty"`
}

func main() {
	in := json.NewDecoder(os.Stdin)
	in.DisallowUnknownFields()
	out := json.NewEncoder(os.Stdout)
	for in.More() {
		var question Question
		if err := in.Decode(&question); err != nil {
			fail(err)
		}
		if err := out.Encode(answer(question)); err != nil {
			fail(err)
		}
	}
}

// refused asks the project what the controller asks it: of the Application, and of each object at its sync.
func refused(project argocd.AppProject, app argocd.Application, objects []Object) (out []string) {
	where := app.Spec.Destination
	cluster := &argocd.Cluster{Server: where.Server, Name: where.Name}
	if !project.IsSourcePermitted(app.Spec.GetSource()) {
		out = append(out, "source")
	}
	if ok, err := project.IsDestinationPermitted(cluster, where.Namespace, nil); !ok || err != nil {
		out = append(out, "destination")
	}
	if !project.IsAppNamespacePermitted(&app, "argocd") {
		out = append(out, "namespace of the Application")
	}
	for _, object := range objects {
		kind := schema.GroupKind{Group: object.Group, Kind: object.Kind}
		if ok, err := project.IsResourcePermitted(kind, object.Name, object.Namespace, cluster, nil); !ok || err != nil {
			out = append(out, object.Kind+" "+object.Name)
		}
	}
	return out
}

func answer(question Question) Answer {
	if question.Project != nil {
		return Answer{Refused: refused(*question.Project, *question.Application, question.Objects)}
	}
	made := Answer{Applications: []*argocd.Application{}}
	for _, parameters := range question.Parameters {
		app, err := application(question.Set, parameters)
		if err != nil {
			return Answer{Error: err.Error()}
		}
		made.Applications = append(made.Applications, app)
	}
	return made
}

// application does what the controller does for one set of parameters: template, patch, then its own namespace.
func application(set argocd.ApplicationSet, parameters map[string]any) (*argocd.Application, error) {
	spec, render := set.Spec, utils.Render{}
	bare := &argocd.Application{Spec: spec.Template.Spec}
	meta := spec.Template.ApplicationSetTemplateMeta
	bare.Name, bare.Labels, bare.Annotations, bare.Finalizers = meta.Name, meta.Labels, meta.Annotations, meta.Finalizers
	app, err := render.RenderTemplateParams(bare, spec.SyncPolicy, parameters, spec.GoTemplate, spec.GoTemplateOptions)
	if err != nil {
		return nil, err
	}
	project := app.Spec.Project
	if spec.TemplatePatch != nil {
		if app, err = patched(app, spec, parameters); err != nil {
			return nil, err
		}
	}
	app.Spec.Project, app.Namespace = project, set.Namespace
	return app, nil
}

func patched(app *argocd.Application, spec argocd.ApplicationSetSpec, parameters map[string]any) (*argocd.Application, error) {
	render := utils.Render{}
	text, err := render.Replace(*spec.TemplatePatch, parameters, spec.GoTemplate, spec.GoTemplateOptions)
	if err != nil {
		return nil, err
	}
	patch, err := utils.ConvertYAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	before, err := json.Marshal(app)
	if err != nil {
		return nil, err
	}
	after, err := strategicpatch.StrategicMergePatch(before, []byte(patch), argocd.Application{})
	if err != nil {
		return nil, err
	}
	out := &argocd.Application{}
	return out, json.Unmarshal(after, out)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
