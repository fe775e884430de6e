# cmake -D BUILD=... -D WORK=... -D SOURCE=... -D EXAMPLES=... -D COMPILER=... -D GENERATOR=... -P install_and_use.cmake
set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nfailed (${result}):\n${said}")
  endif()
  set(said "${said}" PARENT_SCOPE)
endfunction()

set(flags "${FLAGS}")
if(SANITIZE)
  string(APPEND flags " -fsanitize=${SANITIZE}")
endif()
function(build source folder)
  step(${CMAKE_COMMAND} -S ${source} -B ${WORK}/${folder} -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${prefix}
    -D CMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${flags} -Wall -Wextra -Werror" ${ARGN})
  step(${CMAKE_COMMAND} --build ${WORK}/${folder})
endfunction()

step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

build(${SOURCE}/project project)
step(${WORK}/project/weave ${WORK}/home)
if(NOT said MATCHES "6 letters")
  message(FATAL_ERROR "the program says\n${said}")
endif()

# The example is a project of its own as well.
build(${EXAMPLES}/iris_cpp iris -D IRIS_CSV=${EXAMPLES}/data/iris.csv)
step(${WORK}/iris/iris check)
step(${WORK}/iris/iris --home ${WORK}/iris_home materialize)
file(REMOVE_RECURSE ${WORK})
