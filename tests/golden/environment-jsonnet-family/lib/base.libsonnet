{
  objective: { maximize: 'accuracy' },
  algorithm: 'random',
  trials: { max: 12, parallel: 3 },
  parameters: { lr: { double: [0.01, 0.1] } },
  trial: { image: 'registry.example/mnist:1.0', command: ['python3', 'train.py'] },
}
