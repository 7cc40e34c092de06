package main

import (
	"encoding/json"

	jsonpatch "github.com/evanphx/json-patch/v5"
	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/util/proto"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

var kind = schema.GroupVersionKind{Group: "kubeflow.org", Version: "v1beta1", Kind: "Experiment"}

// What an API server publishes for Katib's CRD, which knows no field: OpenAPI v2 for Argo CD, v3 for itself.
const published = `{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {}, "definitions": {
  "io.k8s.ObjectMeta": {"type": "object", "properties": {
    "name": {"type": "string"}, "namespace": {"type": "string"}, "generateName": {"type": "string"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    "uid": {"type": "string"}, "resourceVersion": {"type": "string"}, "generation": {"type": "integer"},
    "creationTimestamp": {"type": "string"}}},
  "org.kubeflow.v1beta1.Experiment": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
    "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"},
      "metadata": {"$ref": "#/definitions/io.k8s.ObjectMeta"}},
    "x-kubernetes-group-version-kind": [{"group": "kubeflow.org", "version": "v1beta1", "kind": "Experiment"}]}}}`

func cluster() (*managedfields.GvkParser, *managedfields.FieldManager, error) {
	document, err := openapi_v2.ParseDocument([]byte(published))
	if err != nil {
		return nil, nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, nil, err
	}
	parser, err := managedfields.NewGVKParser(models, true)
	if err != nil {
		return nil, nil, err
	}
	var swagger struct {
		Definitions map[string]*spec.Schema `json:"definitions"`
	}
	if err := json.Unmarshal([]byte(published), &swagger); err != nil {
		return nil, nil, err
	}
	converter, err := managedfields.NewTypeConverter(swagger.Definitions, true)
	if err != nil {
		return nil, nil, err
	}
	manage, err := managedfields.NewDefaultCRDFieldManager(converter, same{}, same{}, same{}, kind, kind.GroupVersion(), "", nil)
	return parser, manage, err
}

// apply merges a config into the live object, as the API server does before it asks the webhooks.
func apply(manage *managedfields.FieldManager, config, live map[string]any) (map[string]any, error) {
	if live == nil {
		live = map[string]any{"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind}
	}
	merged, err := manage.Apply(&unstructured.Unstructured{Object: live}, &unstructured.Unstructured{Object: config}, manager, true)
	if err != nil {
		return nil, err
	}
	return merged.(*unstructured.Unstructured).Object, nil
}

func between(from, to []byte) string {
	patch, err := jsonpatch.CreateMergePatch(from, to)
	if err != nil {
		return err.Error()
	}
	return string(patch)
}

// same converts and defaults nothing: the CRD has one version and no schema.
type same struct{}

func (same) Default(runtime.Object)             {}
func (same) Convert(in, out, context any) error { return nil }
func (same) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
func (same) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (same) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(kind)
	return out, nil
}
