# What a secondary container runs that has no command: the server by which the
# scenario of the main container acts in here.
[ ! -f "/opt/ros/${ROS_DISTRO-}/setup.bash" ] || . "/opt/ros/$ROS_DISTRO/setup.bash"
[ ! -f /ws/install/setup.bash ] || . /ws/install/setup.bash
if command -v ros2 >/dev/null 2>&1; then
  exec ros2 run scenario_execution_server_ros scenario_execution_server_ros --socket "/ipc/$CONTAINER_NAME"
elif command -v scenario_execution_server >/dev/null 2>&1; then
  exec scenario_execution_server --socket "/ipc/$CONTAINER_NAME"
fi
echo "vast: the image has no scenario_execution_server; give container $CONTAINER_NAME a command in execution.secondary_containers" >&2
exit 127
