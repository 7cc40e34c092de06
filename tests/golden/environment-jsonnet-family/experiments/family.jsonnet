local base = import 'base.libsonnet';
[
  base { name: 'mnist-%s-%s' % [std.extVar('environment'), size], trial+: { env: { SIZE: size } } }
  for size in ['small', 'large']
]
