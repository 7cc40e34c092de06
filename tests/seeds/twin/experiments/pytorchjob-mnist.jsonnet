// The twin of experiments/pytorchjob-mnist.yaml: another language, the same bytes.
local kgen = import 'kgen.libsonnet';

local fixed = { epochs: 1, 'batch-size': 16 };
local flag(name, value) = '--%s=%s' % [name, value];

kgen.experiment(
  name='pytorchjob-mnist',
  objective=kgen.minimize('loss', goal=0.001),
  trials={ max: 12, parallel: 3, maxFailed: 3 },
  parameters={
    lr: kgen.double(0.01, 0.05) + { as: 'learningRate', description: 'Learning rate for the training model' },
    momentum: kgen.double(0.5, 0.9) + { description: 'Momentum for the training model' },
  },
  trial={
    kind: 'PyTorchJob',
    image: 'ghcr.io/kubeflow/katib/pytorch-mnist-cpu:latest',
    command: ['python3', '/opt/pytorch-mnist/mnist.py'] + [
      flag(name, fixed[name])
      for name in ['epochs', 'batch-size']
    ] + [
      flag('lr', '${trialParameters.learningRate}'),
      flag('momentum', '${trialParameters.momentum}'),
    ],
    restartPolicy: 'OnFailure',
    replicas: { Worker: 1 },
  },
)
