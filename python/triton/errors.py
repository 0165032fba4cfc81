"""The base of this package's exceptions."""


class TritonError(Exception):
    """Anything that went wrong in Triton."""


def missing_argument(kernel: object, meta: dict, error: KeyError) -> KeyError:
    """The error of a grid function that asked its dictionary of arguments for one that is not there.

    Parameters
    ----------
    kernel : JITFunction
    meta : dict
        The arguments and options of the launch by name.
    error : KeyError
        What the grid function raised; given back when it is about something else.
    """
    import difflib

    name = error.args[0] if error.args else None
    if not isinstance(name, str) or name in meta:
        return error
    near = difflib.get_close_matches(name, meta, 1)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    values = ", ".join(
        f"{key}={value!r}" if isinstance(value, (int, float, str)) else key for key, value in meta.items()
    )
    return KeyError(f"the grid reads `{name}`, which is not an argument of `{kernel.__name__}`{hint} It has {values}")


OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg", "debug", "enable_fp_fusion", "launch_cooperative_grid",
           "launch_pdl", "launch_maps", "num_cpu_threads", "ir_override", "grid", "warmup", "stream")  # fmt: skip


def unknown_keyword(kernel: object, name: str) -> KeyError:
    """The error of a keyword that is neither a parameter nor an option of a launch.

    Parameters
    ----------
    kernel : JITFunction
    name : str
        The keyword.
    """
    import difflib

    near = difflib.get_close_matches(name, [*kernel.arg_names, *OPTIONS], 1)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return KeyError(
        f"Keyword argument {name} was specified but unrecognised{hint} "
        f"The parameters of `{kernel.__name__}` are {', '.join(kernel.arg_names)}"
    )
