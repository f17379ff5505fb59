"""Starts a program that has an `app.py` and a `config.json`, in the folder of its files, as `python app.py` does."""

import json
import os
import runpy
import sys


def run(settings):
    with open('config.json', 'w', encoding='utf-8') as file:
        json.dump(settings, file)
    sys.path.insert(0, os.getcwd())
    sys.argv = ['app.py']
    runpy.run_path('app.py', run_name='__main__')
