// The trial kind of Kubeflow Trainer.
package main

import (
	trainer "github.com/kubeflow/trainer/v2/pkg/apis/trainer/v1alpha1"

	"kgen/tools/types/dump"
)

func main() {
	dump.Print(trainer.TrainJob{})
}
