import torch
def _gd(loss):
    def inner(initial_theta, learning_rate, number_steps):
        theta = initial_theta.clone().requires_grad_()
        opt = torch.optim.SGD([theta], lr=learning_rate)
        def one():
            opt.zero_grad(); l = loss(theta); l.backward(); return l
        [opt.step(one) for _ in range(number_steps)]
        return theta.detach()
    return inner
gradient_descent_torch_optimiser = lambda initial_theta, learning_rate, number_steps: _gd(lambda t: t**2)(initial_theta, learning_rate, number_steps)
gradient_descent_norm_torch_optimiser = _gd(lambda t: (t**2).sum())
