# -*- coding: utf-8 -*-
"""Übungsblatt 4 – Gradientenabstieg mit dem Optimierer von PyTorch"""
import torch


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    """Führt `number_steps` Schritte aus und gibt das letzte θ zurück."""
    θ = initial_theta.clone().detach().requires_grad_(True)  # Kopie, damit der Aufrufer nichts merkt
    optimierer = torch.optim.SGD([θ], lr=learning_rate)
    for schritt in range(number_steps):
        optimierer.zero_grad()   # sonst werden die Gradienten aufsummiert!
        verlust = θ ** 2
        verlust.backward()
        optimierer.step()
    return θ.detach()


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    """Dasselbe mit der quadrierten euklidischen Norm ‖θ‖²."""
    θ = initial_theta.clone().detach().requires_grad_(True)
    optimierer = torch.optim.SGD([θ], lr=learning_rate)
    for schritt in range(number_steps):
        optimierer.zero_grad()
        verlust = θ.norm(p=2) ** 2
        verlust.backward()
        optimierer.step()
    return θ.detach()
