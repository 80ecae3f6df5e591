"""One NVIDIA GPU, by its driver's own library.

The library comes with every driver and its functions never change, so that calling them by
ctypes takes no package that would have to fit the driver, TensorRT and onnxruntime at once.
Errors of the driver become `BackendError`.
"""

from __future__ import annotations

import ctypes
import weakref
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from engine.errors import BackendError

LIBRARY: Final = "libcuda.so.1"
INSTEAD: Final = "use --backend onnx"
KERNEL_MODULE: Final = Path("/sys/module/nvidia/version")
FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "cuGetErrorName": (c_int, POINTER(c_char_p)),
    "cuInit": (c_uint,),
    "cuDriverGetVersion": (POINTER(c_int),),
    "cuDeviceGetCount": (POINTER(c_int),),
    "cuDeviceGet": (POINTER(c_int), c_int),
    "cuDeviceGetName": (POINTER(c_char), c_int, c_int),
    "cuDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
    "cuDevicePrimaryCtxRetain": (POINTER(c_void_p), c_int),
    "cuCtxSetCurrent": (c_void_p,),
    "cuMemAlloc_v2": (POINTER(c_uint64), c_size_t),
    "cuMemFree_v2": (c_uint64,),
    "cuMemHostAlloc": (POINTER(c_void_p), c_size_t, c_uint),
    "cuMemFreeHost": (c_void_p,),
    "cuMemcpyDtoH_v2": (c_void_p, c_uint64, c_size_t),
    "cuMemcpyHtoDAsync_v2": (c_uint64, c_void_p, c_size_t, c_void_p),
    "cuMemcpyDtoHAsync_v2": (c_void_p, c_uint64, c_size_t, c_void_p),
    "cuMemcpyDtoDAsync_v2": (c_uint64, c_uint64, c_size_t, c_void_p),
    "cuStreamCreate": (POINTER(c_void_p), c_uint),
    "cuStreamDestroy_v2": (c_void_p,),
    "cuStreamBeginCapture_v2": (c_void_p, c_int),
    "cuStreamEndCapture": (c_void_p, POINTER(c_void_p)),
    "cuGraphInstantiateWithFlags": (POINTER(c_void_p), c_void_p, c_uint64),
    "cuGraphLaunch": (c_void_p, c_void_p),
    "cuGraphDestroy": (c_void_p,),
    "cuGraphExecDestroy": (c_void_p,),
    "cuEventCreate": (POINTER(c_void_p), c_uint),
    "cuEventRecord": (c_void_p, c_void_p),
    "cuEventSynchronize": (c_void_p,),
    "cuEventDestroy_v2": (c_void_p,),
}
"""What is called, with the types of its arguments; all return an error's number."""
MAJOR, MINOR = 75, 76
"""Attributes of a device: its compute capability."""
OUT_OF_MEMORY: Final = 2


class Cuda:
    """The first GPU of this machine (others are hidden by CUDA_VISIBLE_DEVICES).

    Args:
        library: the driver's; see `FUNCTIONS`.

    Raises:
        BackendError: there is none that can be used.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        for name, kinds in FUNCTIONS.items():
            getattr(library, name).argtypes = kinds
        self.call("cuInit", 0)
        if self._number("cuDeviceGetCount") == 0:
            raise BackendError(f"there is no NVIDIA GPU here ({INSTEAD})")
        device = self._number("cuDeviceGet", 0)
        text = ctypes.create_string_buffer(256)
        self.call("cuDeviceGetName", text, len(text), device)
        self.name = text.value.decode(errors="replace")
        self.capability = tuple(
            self._number("cuDeviceGetAttribute", which, device) for which in (MAJOR, MINOR)
        )
        """Compute capability, as (8, 9)."""
        self.driver = f"CUDA {self._number('cuDriverGetVersion')}, driver {_kernel_module()}"
        self._context = self.handle("cuDevicePrimaryCtxRetain", device)  # the one others use too

    @classmethod
    def open(cls) -> Cuda:
        """The GPU of this machine (BackendError if there is none)."""
        try:
            return cls(ctypes.CDLL(LIBRARY))
        except OSError as error:
            raise BackendError(
                "there is no driver of an NVIDIA GPU here (where there is a GPU, install it)"
            ) from error
        except AttributeError as error:
            raise BackendError(
                "NVIDIA's driver is too old (install one for CUDA 12 or later)"
            ) from error

    def activate(self) -> None:
        """Let this thread use the GPU; everything else here needs that."""
        self.call("cuCtxSetCurrent", self._context)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function of the driver (BackendError if it fails)."""
        if error := getattr(self._library, name)(*arguments):
            if error == OUT_OF_MEMORY:
                raise BackendError(
                    "the GPU's memory is full (end other programs on it, or serve fewer sessions)"
                )
            told = c_char_p()
            self._library.cuGetErrorName(error, byref(told))
            text = (told.value or b"unknown").decode(errors="replace")
            raise BackendError(f"the GPU failed, {text} from {name} (start again, or {INSTEAD})")

    def handle(self, name: str, *arguments: Any) -> int:
        """What a function makes whose first argument says where to put that."""
        made = c_void_p()
        self.call(name, byref(made), *arguments)
        return made.value or 0

    def release(self, owner: object, name: str, handle: int) -> None:
        """Give something back once nobody has its owner any more."""
        weakref.finalize(owner, self._give_back, name, handle).atexit = False

    def read(self, address: int, array: NDArray[Any]) -> None:
        """Fill an array with what lies at an address of the GPU, and wait for it."""
        self.activate()
        self.call("cuMemcpyDtoH_v2", array.ctypes.data, address, array.nbytes)

    def _give_back(self, name: str, handle: int) -> None:
        self._library.cuCtxSetCurrent(self._context)
        getattr(self._library, name)(handle)  # nobody could do anything about an error

    def _number(self, name: str, *arguments: Any) -> int:
        told = c_int()
        self.call(name, byref(told), *arguments)
        return told.value


def _kernel_module() -> str:
    try:
        return KERNEL_MODULE.read_text(encoding="utf-8").strip()
    except OSError:  # not Linux's own driver
        return "unknown"
