// Jobs of ops declared in Python, in the core's form: what treadle._ops.jobs hands over. Needs the lock.
#pragma once

#include "object.h"
#include <treadle/define/definitions.h>

namespace treadle::python {

JobDef op_job_of(nb::handle told);

}  // namespace treadle::python
