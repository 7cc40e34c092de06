package main

// config is katib-config with the algorithms and collectors that Katib brings. Images are only looked at for being
// there; PrometheusMetric has none.
const config = `apiVersion: config.kubeflow.org/v1beta1
kind: KatibConfig
runtime:
  metricsCollectors:
    - {kind: StdOut, image: collector}
    - {kind: File, image: collector}
    - {kind: TensorFlowEvent, image: collector}
  suggestions:
    - {algorithmName: random, image: suggestion}
    - {algorithmName: tpe, image: suggestion}
    - {algorithmName: grid, image: suggestion}
    - {algorithmName: hyperband, image: suggestion}
    - {algorithmName: bayesianoptimization, image: suggestion}
    - {algorithmName: cmaes, image: suggestion}
    - {algorithmName: sobol, image: suggestion}
    - {algorithmName: multivariate-tpe, image: suggestion}
    - {algorithmName: enas, image: suggestion}
    - {algorithmName: darts, image: suggestion}
    - {algorithmName: pbt, image: suggestion}
  earlyStoppings:
    - {algorithmName: medianstop, image: stopping}
`
