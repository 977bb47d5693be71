"""A Ray cluster on this machine for tests: a head without processors, and nodes with one each.

    ray_cluster.py NODES

Prints the address; each line on standard input, the process id of a node's raylet or nothing, kills that node or any, as a power
cut does; its end shuts all down.
"""

import sys

from ray.cluster_utils import Cluster

SMALL = {"object_store_memory": 80 * 2**20, "include_dashboard": False}


def raylet_of(node):
    (raylet,) = node.all_processes["raylet"]
    return raylet.process.pid


def main(nodes):
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **SMALL})
    try:
        workers = [cluster.add_node(num_cpus=1, object_store_memory=SMALL["object_store_memory"]) for _ in range(nodes)]
        cluster.wait_for_nodes()
        print(cluster.address, flush=True)
        for line in sys.stdin:
            raylet = int(line) if line.strip() else raylet_of(workers[0])
            (lost,) = [node for node in workers if raylet_of(node) == raylet]
            workers.remove(lost)
            cluster.remove_node(lost, allow_graceful=False)
            print("killed", flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
