package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	configv1beta1 "github.com/kubeflow/katib/pkg/apis/config/v1beta1"
	experimentsv1beta1 "github.com/kubeflow/katib/pkg/apis/controller/experiments/v1beta1"
	suggestionsv1beta1 "github.com/kubeflow/katib/pkg/apis/controller/suggestions/v1beta1"
	trialsv1beta1 "github.com/kubeflow/katib/pkg/apis/controller/trials/v1beta1"
	"github.com/kubeflow/katib/pkg/controller.v1beta1/consts"
	"github.com/kubeflow/katib/pkg/controller.v1beta1/experiment/manifest"
	"github.com/kubeflow/katib/pkg/webhook/v1beta1/common"
	"github.com/kubeflow/katib/pkg/webhook/v1beta1/experiment"
	"github.com/kubeflow/katib/pkg/webhook/v1beta1/experiment/validator"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// Answer is what the API server and the webhooks make of an object.
type Answer struct {
	Verdict   string          `json:"verdict"` // accept, reject, decode-error: the webhooks'
	Message   string          `json:"message,omitempty"`
	Errors    []Said          `json:"errors"`
	Server    []Said          `json:"server,omitempty"` // what the API server itself has against its metadata
	Patch     json.RawMessage `json:"patch,omitempty"`
	Defaulted json.RawMessage `json:"defaulted,omitempty"`
}

// Said is a field.Error.
type Said struct {
	Type   string `json:"type"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

var scheme = newScheme()

func newScheme() *runtime.Scheme {
	made := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(made))
	utilruntime.Must(configv1beta1.AddToScheme(made))
	utilruntime.Must(experimentsv1beta1.AddToScheme(made))
	utilruntime.Must(suggestionsv1beta1.AddToScheme(made))
	utilruntime.Must(trialsv1beta1.AddToScheme(made))
	return made
}

func review(question Question) (answer Answer) {
	defer func() { // as controller-runtime does; the API server then refuses the request
		if found := recover(); found != nil {
			answer.Verdict, answer.Message = "reject", fmt.Sprintf("panic: %v", found)
		}
	}()
	meta := metaOf(question.Object)
	world := cluster(question, meta.Namespace)
	decoder := admission.NewDecoder(scheme)

	request := requestFor(question, meta, question.Object)
	response := experiment.NewExperimentDefaulter(world, decoder).Handle(context.TODO(), request)
	if !response.Allowed {
		return Answer{Verdict: "decode-error", Message: response.Result.Message, Errors: []Said{}}
	}
	patch, defaulted := patched(question.Object, response)
	answer = Answer{Verdict: "accept", Errors: []Said{}, Patch: patch, Defaulted: defaulted}

	object := named(defaulted, &meta)
	answer.Server = said(validation.ValidateObjectMeta(&meta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata")))
	request = requestFor(question, meta, object)
	response = experiment.NewExperimentValidator(world, decoder).Handle(context.TODO(), request)
	if response.Allowed {
		return answer
	}
	answer.Verdict, answer.Message = "reject", response.Result.Message
	answer.Errors = errorsOf(world, decoder, request)
	return answer
}

// errorsOf asks the validator once more for its list, of which the response holds only the text.
func errorsOf(world client.Client, decoder admission.Decoder, request admission.Request) []Said {
	object, old := &experimentsv1beta1.Experiment{}, (*experimentsv1beta1.Experiment)(nil)
	if err := decoder.Decode(request, object); err != nil {
		return []Said{}
	}
	if len(request.OldObject.Raw) > 0 {
		old = &experimentsv1beta1.Experiment{}
		if err := json.Unmarshal(request.OldObject.Raw, old); err != nil {
			return []Said{}
		}
	}
	return said(validator.New(manifest.New(world)).ValidateExperiment(object, old))
}

func said(errors field.ErrorList) []Said {
	out := make([]Said, 0, len(errors))
	for _, err := range errors {
		out = append(out, Said{string(err.Type), err.Field, err.Detail})
	}
	return out
}

func metaOf(raw json.RawMessage) metav1.ObjectMeta {
	var partial struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	if json.Unmarshal(raw, &partial) != nil || partial.Metadata.Namespace == "" {
		partial.Metadata.Namespace = "ns" // of the request, where the object does not say it
	}
	return partial.Metadata
}

func requestFor(question Question, meta metav1.ObjectMeta, object json.RawMessage) admission.Request {
	request := admissionv1.AdmissionRequest{
		Operation: admissionv1.Create,
		Name:      meta.Name,
		Namespace: meta.Namespace,
		Object:    runtime.RawExtension{Raw: object},
	}
	if question.Op == "update" {
		request.Operation = admissionv1.Update
		request.OldObject = runtime.RawExtension{Raw: question.OldObject}
	}
	return admission.Request{AdmissionRequest: request}
}

func patched(object json.RawMessage, response admission.Response) (json.RawMessage, json.RawMessage) {
	operations, err := json.Marshal(response.Patches)
	utilruntime.Must(err)
	if len(response.Patches) == 0 {
		return json.RawMessage("[]"), object
	}
	patch, err := jsonpatch.DecodePatch(operations)
	utilruntime.Must(err)
	out, err := patch.Apply(object)
	utilruntime.Must(err)
	return operations, out
}

// named gives an object the name that the API server makes of generateName between the two webhooks.
func named(object json.RawMessage, meta *metav1.ObjectMeta) json.RawMessage {
	if meta.Name != "" || meta.GenerateName == "" {
		return object
	}
	meta.Name = meta.GenerateName + "abcde"
	var plain map[string]any
	reader := json.NewDecoder(bytes.NewReader(object))
	reader.UseNumber()
	utilruntime.Must(reader.Decode(&plain))
	plain["metadata"].(map[string]any)["name"] = meta.Name
	out, err := json.Marshal(plain)
	utilruntime.Must(err)
	return out
}

var known = map[string]client.Client{}

// cluster holds all that the webhooks look up: the namespace, Katib's configuration, the templates. They only read it,
// so that one serves all questions without templates.
func cluster(question Question, namespace string) client.Client {
	key := fmt.Sprint(namespace, question.Unlabelled)
	if made, ok := known[key]; ok && question.ConfigMapData == nil {
		return made
	}
	made := newCluster(question, namespace)
	if question.ConfigMapData == nil {
		known[key] = made
	}
	return made
}

func newCluster(question Question, namespace string) client.Client {
	labels := map[string]string{common.KatibMetricsCollectorInjection: common.KatibMetricsCollectorInjectionEnabled}
	if question.Unlabelled {
		labels = nil
	}
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: labels}},
		configMap(consts.KatibConfigMapName, consts.DefaultKatibNamespace, map[string]string{consts.LabelKatibConfigTag: config}),
	}
	if question.ConfigMapData != nil {
		name, where := templateOf(question.Object)
		entries := map[string]string{}
		for key, text := range question.ConfigMapData {
			if text != nil {
				entries[key] = *text
			}
		}
		objects = append(objects, configMap(name, where, entries))
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

func configMap(name, namespace string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Data: data}
}

func templateOf(raw json.RawMessage) (string, string) {
	var object experimentsv1beta1.Experiment
	name, namespace := "templates", "kubeflow"
	if json.Unmarshal(raw, &object) == nil && object.Spec.TrialTemplate != nil && object.Spec.TrialTemplate.ConfigMap != nil {
		if source := object.Spec.TrialTemplate.ConfigMap; source.ConfigMapName != "" && source.ConfigMapNamespace != "" {
			name, namespace = source.ConfigMapName, source.ConfigMapNamespace
		}
	}
	return name, namespace
}
