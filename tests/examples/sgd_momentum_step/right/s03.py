import torch


@torch.no_grad()
def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_velocities = [v.clone() for v in velocities]
    new_parameters = [p.clone() for p in parameters]
    for p, g, v in zip(new_parameters, gradients, new_velocities):
        v.mul_(momentum).add_(g)
        p.sub_(v, alpha=learning_rate)
    return new_parameters, new_velocities
