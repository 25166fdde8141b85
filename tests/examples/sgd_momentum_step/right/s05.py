import torch


def _one(p, g, v, lr, mu):
    v_new = torch.add(g, v, alpha=mu)
    p_new = torch.add(p, v_new, alpha=-lr)
    return p_new, v_new


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    pairs = list(map(lambda t: _one(*t, learning_rate, momentum), zip(parameters, gradients, velocities)))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
