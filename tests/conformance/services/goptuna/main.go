// Asks Katib's own goptuna service (cmaes, sobol) what it does with search specs: JSON lines in, JSON lines out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	api "github.com/kubeflow/katib/pkg/apis/manager/v1beta1"
	goptuna "github.com/kubeflow/katib/pkg/suggestion/v1beta1/goptuna"
	"google.golang.org/grpc/status"
)

type parameter struct {
	Name          string `json:"name"`
	ParameterType string `json:"parameterType"`
	FeasibleSpace struct {
		Min, Max, Step, Distribution string
		List                         []string
	} `json:"feasibleSpace"`
}

type experiment struct {
	Spec struct {
		Algorithm struct {
			AlgorithmName     string
			AlgorithmSettings []struct{ Name, Value string }
		}
		Parameters                        []parameter
		ParallelTrialCount, MaxTrialCount int32
	}
}

var types = map[string]api.ParameterType{
	"double": api.ParameterType_DOUBLE, "int": api.ParameterType_INT,
	"discrete": api.ParameterType_DISCRETE, "categorical": api.ParameterType_CATEGORICAL,
}

func convert(given experiment) *api.Experiment {
	out := &api.Experiment{Name: "x", Spec: &api.ExperimentSpec{
		Algorithm:          &api.AlgorithmSpec{AlgorithmName: given.Spec.Algorithm.AlgorithmName},
		Objective:          &api.ObjectiveSpec{Type: api.ObjectiveType_MINIMIZE, ObjectiveMetricName: "loss"},
		ParameterSpecs:     &api.ExperimentSpec_ParameterSpecs{},
		ParallelTrialCount: given.Spec.ParallelTrialCount,
		MaxTrialCount:      given.Spec.MaxTrialCount,
	}}
	for _, s := range given.Spec.Algorithm.AlgorithmSettings {
		out.Spec.Algorithm.AlgorithmSettings = append(out.Spec.Algorithm.AlgorithmSettings,
			&api.AlgorithmSetting{Name: s.Name, Value: s.Value})
	}
	for _, p := range given.Spec.Parameters {
		out.Spec.ParameterSpecs.Parameters = append(out.Spec.ParameterSpecs.Parameters, &api.ParameterSpec{
			Name: p.Name, ParameterType: types[p.ParameterType], FeasibleSpace: &api.FeasibleSpace{
				Min: p.FeasibleSpace.Min, Max: p.FeasibleSpace.Max, Step: p.FeasibleSpace.Step, List: p.FeasibleSpace.List,
			}})
	}
	return out
}

// run asks for trials as the controller does when all of a round have succeeded.
func run(given experiment) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = fmt.Sprintf("panic: %v", r)
		}
	}()
	service, made := goptuna.NewSuggestionService(), convert(given)
	var trials []*api.Trial
	most := int(given.Spec.MaxTrialCount)
	if most == 0 {
		most = 99
	}
	for round := 0; round < 3; round++ {
		wanted := min(int(given.Spec.ParallelTrialCount), most-len(trials))
		if wanted <= 0 {
			break
		}
		reply, err := service.GetSuggestions(context.Background(), &api.GetSuggestionsRequest{
			Experiment: made, Trials: trials, CurrentRequestNumber: int32(wanted)})
		if err != nil {
			return "error: " + err.Error()
		}
		if len(reply.ParameterAssignments) != wanted {
			return fmt.Sprintf("round %d: %d trials for %d", round, len(reply.ParameterAssignments), wanted)
		}
		for _, got := range reply.ParameterAssignments {
			for _, a := range got.Assignments {
				if value := strings.ToLower(a.Value); strings.Contains(value, "nan") || strings.Contains(value, "inf") {
					return "value " + a.Value
				}
			}
			trials = append(trials, &api.Trial{
				Name: fmt.Sprintf("t%d", len(trials)),
				Spec: &api.TrialSpec{ParameterAssignments: &api.TrialSpec_ParameterAssignments{Assignments: got.Assignments}},
				Status: &api.TrialStatus{Condition: api.TrialStatus_SUCCEEDED, Observation: &api.Observation{
					Metrics: []*api.Metric{{Name: "loss", Value: fmt.Sprintf("%f", 0.5+float64(len(trials))/7)}}}},
			})
		}
	}
	return "ok"
}

func outcome(code, got string) string {
	switch {
	case code != "OK" && code != "Internal":
		return "invalid"
	case strings.HasPrefix(got, "value"):
		return "accepted, then bad value"
	case got == "ok":
		return "accepted"
	}
	return "accepted, then stuck"
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var record map[string]any
		var held struct {
			Algorithm string
			Object    experiment
		}
		if json.Unmarshal(lines.Bytes(), &record) != nil || json.Unmarshal(lines.Bytes(), &held) != nil {
			panic(lines.Text())
		}
		if held.Algorithm != "cmaes" && held.Algorithm != "sobol" {
			continue
		}
		code, text := "OK", ""
		_, err := goptuna.NewSuggestionService().ValidateAlgorithmSettings(context.Background(),
			&api.ValidateAlgorithmSettingsRequest{Experiment: convert(held.Object)})
		if err != nil {
			code, text = status.Code(err).String(), status.Convert(err).Message()
		}
		got := run(held.Object)
		record["validate"], record["get"], record["outcome"] = []string{code, text}, got, outcome(code, got)
		written, _ := json.Marshal(record)
		fmt.Println(string(written))
	}
}
