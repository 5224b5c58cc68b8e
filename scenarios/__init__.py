"""Figures of the papers: one folder per paper, one file per figure. Public names of qbsim only."""

import xarray as xr


def labelled(variables, **axes):
    """Dataset of variables (dimensions, values, long name, unit) and axes (values, long name, unit); a unit "1" may go.

    Examples
    --------
    >>> ds = labelled({"energy": ("time", [1.0, 0.5], "stored energy", "omega")}, time=([0, 1], "time", "1/omega"))
    >>> ds.energy.attrs
    {'long_name': 'stored energy', 'units': 'omega'}
    """

    def attrs(long_name, units="1"):
        return {"long_name": long_name, "units": units}

    return xr.Dataset(
        {name: (dims, values, attrs(*label)) for name, (dims, values, *label) in variables.items()},
        {name: (name, values, attrs(*label)) for name, (values, *label) in axes.items()},
    )
