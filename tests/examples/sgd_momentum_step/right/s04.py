import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    if len(parameters) == 0:
        return [], []
    if momentum == 0:
        # the optimizer keeps no buffer then; v is just g
        fresh = [g.detach().clone() for g in gradients]
        return [p.detach() - learning_rate * g for p, g in zip(parameters, fresh)], fresh
    copies = [p.detach().clone().requires_grad_(True) for p in parameters]
    optimizer = torch.optim.SGD(copies, lr=learning_rate, momentum=momentum)
    for c, g, v in zip(copies, gradients, velocities):
        c.grad = g.detach().clone()
        optimizer.state[c]["momentum_buffer"] = v.detach().clone()
    optimizer.step()
    return [c.detach() for c in copies], [optimizer.state[c]["momentum_buffer"] for c in copies]
