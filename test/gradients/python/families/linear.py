"""Products of matrices in all their forms."""

import torch

from cases import Random, f32

random = Random(3)


def add(case):
    for name, a, b in (
        ("matrices", (2, 3), (3, 4)),
        ("batches", (5, 2, 3), (5, 3, 4)),
        ("batches broadcast", (5, 1, 2, 3), (4, 3, 2)),
        ("a matrix for all batches", (2, 2, 3), (3, 4)),
        ("vector and matrix", (3,), (3, 4)),
        ("matrix and vector", (2, 3), (3,)),
        ("vector and batches", (3,), (2, 3, 4)),
        ("batches and vector", (2, 4, 3), (3,)),
        ("vectors", (3,), (3,)),
    ):
        case("MatMul", name, [random(*a), random(*b)], torch.matmul)
    alpha, beta = f32(0.7), f32(1.3)
    for ta in (0, 1):
        for tb in (0, 1):
            a, b = random(*((3, 2) if ta else (2, 3))), random(*((4, 3) if tb else (3, 4)))
            gemm = lambda a, b, c=None, ta=ta, tb=tb: alpha * (a.T if ta else a) @ (b.T if tb else b) + (0 if c is None else beta * c)
            attributes = {"alpha": alpha, "beta": beta, "transA": ta, "transB": tb}
            case("Gemm", f"transA {ta}, transB {tb}, row of C", [a, b, random(4)], gemm, attributes)
            case("Gemm", f"transA {ta}, transB {tb}, no C", [a, b], gemm, attributes)
    plain = lambda a, b, c: a @ b + c
    for name, c in (("matrix", (2, 4)), ("column", (2, 1)), ("scalar", ())):
        case("Gemm", f"C is a {name}", [random(2, 3), random(3, 4), random(*c)], plain)
    einsum(case)


def einsum(case):
    for equation, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("ij,jk", (2, 3), (3, 4)),
        ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        ("bhqd,bhkd->bhqk", (2, 2, 3, 2), (2, 2, 4, 2)),
        ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
        ("ij->ji", (2, 3)),
        ("ij->", (2, 3)),
        ("ij->i", (2, 3)),
        ("ii->i", (3, 3)),
        ("ii", (3, 3)),
        ("i,j->ij", (2,), (3,)),
        ("i,i->", (3,), (3,)),
        ("ij,ij->ij", (2, 3), (2, 3)),
        ("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
        ("ij,k->ik", (2, 3), (4,)),
        ("b...->...b", (2, 3, 2)),
    ):
        case("Einsum", equation, [random(*shape) for shape in shapes],
             lambda *x, e=equation: torch.einsum(e, *x), {"equation": equation})
