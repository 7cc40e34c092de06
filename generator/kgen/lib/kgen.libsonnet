// kgen's own library: helpers that make a spec in Jsonnet read well.
//
//   local kgen = import 'kgen.libsonnet';
//
// Each helper gives a piece of the compact spec, as plain data: what it makes can be written by
// hand, patched with `+`, or mixed with values that no helper knows.
{
  local kgen = self,
  local given(fields) = { [name]: fields[name] for name in std.objectFields(fields) if fields[name] != null },

  // A real number from `min` to `max`: parameters: { lr: kgen.double(1e-4, 0.1, distribution='logUniform') }
  double(min, max, step=null, distribution=null)::
    given({ double: [min, max], step: step, distribution: distribution }),

  // A whole number from `min` to `max`, both among them.
  int(min, max, step=null, distribution=null)::
    given({ int: [min, max], step: step, distribution: distribution }),

  // One of some numbers.
  discrete(list):: { discrete: list },

  // One of some texts.
  categorical(list):: { categorical: list },

  // The two kinds of objective: objective: kgen.maximize('accuracy', goal=0.99)
  maximize(metric, goal=null, additional=null)::
    given({ maximize: metric, goal: goal, additional: additional }),
  minimize(metric, goal=null, additional=null)::
    given({ minimize: metric, goal: goal, additional: additional }),

  // A whole spec with what every one needs; add the rest with `+ { … }`.
  experiment(name, objective, parameters, trial, algorithm='random', trials=null)::
    given({
      name: name,
      objective: objective,
      algorithm: algorithm,
      trials: trials,
      parameters: parameters,
      trial: trial,
    }),

  // An array of experiments: `base` once for each variant, with the variant laid over it by `+`.
  // The variants are an object from a suffix of the name to a patch,
  //   kgen.family(base, { sgd: { algorithm: 'tpe' }, adam: {} })   makes BASE-adam and BASE-sgd,
  // or an array of patches, whose suffixes are 0, 1, 2, … A patch that sets `name` keeps its own.
  family(base, variants)::
    local named(suffix, patch) = base { name: base.name + '-' + suffix } + patch;
    if std.isArray(variants)
    then [named(std.toString(i), variants[i]) for i in std.range(0, std.length(variants) - 1)]
    else [named(suffix, variants[suffix]) for suffix in std.objectFields(variants)],

  // Every combination of some lists, as an array of objects:
  //   kgen.grid({ a: [1, 2], b: ['x'] })   is   [{ a: 1, b: 'x' }, { a: 2, b: 'x' }]
  // Together with family:
  //   kgen.family(base, [{ trial+: { env+: { SEED: p.seed } } } for p in kgen.grid({ seed: [1, 2] })])
  grid(axes)::
    std.foldl(
      function(points, axis) [point { [axis]: value } for point in points for value in axes[axis]],
      std.objectFields(axes),
      [{}]
    ),

  // A number as the shortest text that is the same number: 0.1 is '0.1', 0.00001 is '1e-05'.
  // Jsonnet's own '' + 0.1 is '0.10000000000000001'. For commands and arguments; a number that
  // stands alone as a value needs no help.
  number(x)::
    local exact(digits) =
      local text = '%.*g' % [digits, x];
      if digits > 17 then std.toString(x)
      else if std.parseJson(text) == x then text
      else exact(digits + 1) tailstrict;
    if x == std.floor(x) && std.abs(x) <= 9007199254740992 then std.toString(x) else exact(1),
}
