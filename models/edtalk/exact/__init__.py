"""The same pictures from the same weights with a quarter of the work, ready for export.

Each module is made from the published one and equals it but for rounding:

* directions are stored, no decomposition is left;
* styles scale signals instead of weights, and outputs are brought to unit variance by a
  table, so that weights are constants and any number of sessions go in a batch;
* one matrix product makes all styles;
* filters are convolutions by channel, and work at the lower resolution where only that is kept;
* features become colours before they are warped, which at full size leaves 3 channels of 64;
* what depends on the portrait alone, statistics of the expression module too, is made once;
* scales, gains and the heads' layers are multiplied out.

Convolutions may be halved in precision; styles, tables, flow, places, sampling and sums of
colours are float32 always: near pixel 256 half precision knows places only to an eighth.
"""
