package main

import (
	"os"

	commonv1beta1 "github.com/kubeflow/katib/pkg/apis/controller/common/v1beta1"
	collector "github.com/kubeflow/katib/pkg/metricscollector/v1beta1/file-metricscollector"
)

// Collected is what the file metrics collector reads from a log.
type Collected struct {
	Error   string      `json:"error,omitempty"`
	Metrics [][3]string `json:"metrics"` // time, name, value
}

func collect(question Question) (out Collected) {
	out.Metrics = [][3]string{}
	defer func() { // an expression that is none makes the collector panic
		if found := recover(); found != nil {
			out = Collected{Error: "panic", Metrics: [][3]string{}}
		}
	}()
	file, err := os.CreateTemp("", "log")
	if err != nil {
		fail(err)
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(question.Log); err != nil {
		fail(err)
	}
	file.Close()
	format := commonv1beta1.FileFormat(question.Format)
	log, err := collector.CollectObservationLog(file.Name(), question.Metrics, question.Filters, format)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	for _, entry := range log.MetricLogs {
		out.Metrics = append(out.Metrics, [3]string{entry.TimeStamp, entry.Metric.Name, entry.Metric.Value})
	}
	return out
}
