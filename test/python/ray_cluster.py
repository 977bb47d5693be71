"""A Ray cluster on this machine for tests: a head without processors, and nodes with one each.

    ray_cluster.py NODES

Prints the address; each line `kill` on standard input kills a node, as a power cut does; its end shuts all down.
"""

import sys

from ray.cluster_utils import Cluster

SMALL = {"object_store_memory": 80 * 2**20, "include_dashboard": False}


def main(nodes):
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **SMALL})
    try:
        workers = [cluster.add_node(num_cpus=1, object_store_memory=SMALL["object_store_memory"]) for _ in range(nodes)]
        cluster.wait_for_nodes()
        print(cluster.address, flush=True)
        for line in sys.stdin:
            assert line == "kill\n"
            cluster.remove_node(workers.pop(0), allow_graceful=False)
            print("killed", flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
