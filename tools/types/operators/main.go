// The trial kinds of the training-operator.
package main

import (
	kubeflow "github.com/kubeflow/training-operator/pkg/apis/kubeflow.org/v1"

	"kgen/tools/types/dump"
)

func main() {
	dump.Print(
		kubeflow.PyTorchJob{}, kubeflow.TFJob{}, kubeflow.MPIJob{}, kubeflow.XGBoostJob{}, kubeflow.PaddleJob{},
		kubeflow.JAXJob{},
	)
}
