"""Resources: objects that steps share, set up before them and torn down after them."""

import treadle as dg


class Database(dg.ConfigurableResource):
    url: str

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        print("open", self.url)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        print("close", self.url)

    def rows(self, table: str) -> int:
        return len(table)


@dg.op
def count(database: Database) -> int:
    return database.rows("orders")


@dg.job(resource_defs={"database": Database(url="db.local")})
def counting() -> None:
    count()


if __name__ == "__main__":
    print("rows:", counting.execute_in_process().output_for_node("count"))
