// The types of Kubernetes that trials and the manifests beside an Experiment are made of.
package main

import (
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"

	"kgen/tools/types/dump"
)

func main() {
	dump.Print(
		batch.Job{}, core.PodTemplateSpec{}, core.Secret{}, core.ConfigMap{}, core.Namespace{}, core.PersistentVolume{},
		core.PersistentVolumeClaim{}, core.ServiceAccount{}, autoscaling.MetricSpec{},
	)
}
