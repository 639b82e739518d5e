"""The nightly retrain under Airflow, with no package but Airflow's own operators.

Code 3, a champion that is kept or a gate that is shut, skips what comes after; code 4,
another run at work, is tried again later.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/churn"

with DAG(
    dag_id="churn_retrain",
    schedule="15 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # a missed night is made up by the next
    max_active_runs=1,
) as dag:
    retrain = BashOperator(
        task_id="retrain",
        bash_command=f"mlkit retrain --if-needed {PROJECT}",
        skip_on_exit_code=3,
        retries=2,
        retry_delay=timedelta(minutes=30),
    )
    verify = BashOperator(task_id="verify", bash_command=f"mlkit verify {PROJECT}")
    retrain >> verify
