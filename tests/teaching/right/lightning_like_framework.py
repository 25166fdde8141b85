import torch
from torch import nn


class Callback:
    def on_step_end(self, trainer): ...


class PrintLoss(Callback):
    def on_step_end(self, trainer):
        print(f"step {trainer.global_step}: {trainer.last_loss:.4g}")


class LitTheta(nn.Module):
    def __init__(self, theta, lr, loss):
        super().__init__()
        self.theta = nn.Parameter(theta.detach().clone())
        self.lr, self.loss = lr, loss

    def training_step(self):
        return self.loss(self.theta)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Trainer:
    def __init__(self, max_steps, callbacks=()):
        self.max_steps, self.callbacks, self.global_step, self.last_loss = max_steps, callbacks, 0, float("nan")

    def fit(self, module):
        optimizer = module.configure_optimizers()
        while self.global_step < self.max_steps:
            optimizer.zero_grad()
            loss = module.training_step()
            loss.backward()
            optimizer.step()
            self.global_step += 1
            self.last_loss = float(loss)
            for callback in self.callbacks:
                callback.on_step_end(self)
        return module


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    lit = LitTheta(initial_theta, learning_rate, lambda t: t ** 2)
    return Trainer(number_steps, [PrintLoss()]).fit(lit).theta.detach()


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    lit = LitTheta(initial_theta, learning_rate, lambda t: (t ** 2).sum())
    return Trainer(number_steps).fit(lit).theta.detach()
